// Tables inside `.sortable` are sorted by a click on the head of a column.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".sortable table")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) {
          other.removeAttribute("aria-sort");
        }
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((one, two) =>
          compare(text(one, column), text(two, column)),
        );
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  }
});

function text(row, column) {
  return row.cells[column].textContent.trim();
}

/** Numbers by value, before all else; texts by the alphabet. */
function compare(one, two) {
  const [first, second] = [one, two].map((value) => parseFloat(value));
  if (isNaN(first) && isNaN(second)) return one.localeCompare(two);
  if (isNaN(first) || isNaN(second)) return isNaN(first) - isNaN(second);
  return first - second;
}
