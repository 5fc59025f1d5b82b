/** @file The ways by which files come to the page. */

const INPUTS = ["file", "camera", "another"];

/**
 * Hands over the files that are chosen, pasted or dropped.
 *
 * @param {Document} page Where the elements of `index.html` are.
 * @param {(files: File[]) => void} take Takes at least one file.
 */
export function listenForFiles(page, take) {
  const takeAll = (files) => {
    if (files?.length) take([...files]);
  };
  for (const id of INPUTS) {
    page.getElementById(id).addEventListener("change", ({ target }) => {
      takeAll(target.files);
      // So that the same file can be chosen again.
      target.value = "";
    });
  }
  page.addEventListener("paste", ({ clipboardData }) =>
    takeAll(clipboardData?.files),
  );
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    page.addEventListener(type, (event) => {
      event.preventDefault();
      const over = type === "dragenter" || type === "dragover";
      page.body.classList.toggle("dragging", over);
      if (type === "drop") takeAll(event.dataTransfer.files);
    });
  }
}

/** @return {Promise<File>} The photo that the page has of its own. */
export async function fetchSample() {
  const blob = await (await fetch("sample.png")).blob();
  return new File([blob], "sample.png", { type: "image/png" });
}
