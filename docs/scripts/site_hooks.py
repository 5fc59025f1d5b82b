"""Hooks of the documentation site: what is no Markdown file under `docs/`.

- The home page is README.md, the changelog CHANGELOG.md.
- Files elsewhere in the repository that a page links to become pages of the
  site, under `repository/`: Markdown as it is, other text as a listing,
  folders as a list of their files.
- The API reference has a page for each public room, with its public names as
  `__init__.py` has them.
- A page that would load anything from another host is an error.
"""

import ast
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kerasrestore"
REPOSITORY = "repository"
# Page -> file of the repository.
PAGES = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}
PICTURES = (".jpg", ".jpeg", ".png", ".svg")
LANGUAGES = {".py": "python", ".json": "json", ".toml": "toml"}
LINK = re.compile(r"(\]\()([^)\s]+)(?=[)\s])")
FENCED = r"^```.*?^```|^~~~.*?^~~~"
# What a browser loads by itself: element -> attribute.
LOADED = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}


# Links


def page_of(path):
    """Page or file of the site that shows a file of the repository."""
    for page, source in PAGES.items():
        if path == source:
            return page
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if (ROOT / path).is_dir():
        readme = posixpath.join(path, "README.md")
        if (ROOT / readme).is_file():
            return page_of(readme)
        return f"{REPOSITORY}/{path}/index.md"
    if path.endswith((".md", *PICTURES)):
        return f"{REPOSITORY}/{path}"
    return f"{REPOSITORY}/{path}.md"


def rewritten(text, source, page):
    """Text of a file of the repository as a page of the site.

    Returns:
        The text with relative links for the site, and the set of all files of
        the repository that it links to.
    """
    targets = set()

    def replace(match):
        target, mark, anchor = match[2].partition("#")
        if re.match(r"[a-z]+:", target) or not target:
            return match[0]
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(source), target)
        )
        if not (ROOT / path).exists():
            # The strict build tells it, with the name of the page.
            return match[0]
        targets.add(path)
        link = posixpath.relpath(page_of(path), posixpath.dirname(page) or ".")
        return f"{match[1]}{link}{mark}{anchor}"

    # Code stays as it is.
    parts = re.split(rf"({FENCED}|`[^`\n]*`(?!\]))", text, flags=re.M | re.S)
    parts = [
        part if part.startswith(("`", "~")) else LINK.sub(replace, part)
        for part in parts
        if part
    ]
    return "".join(parts), targets


def listing(path):
    """Text of the page of a folder, or of a file that is no Markdown."""
    there = ROOT / path
    if there.is_dir():
        names = sorted(
            one.name + "/" * one.is_dir()
            for one in there.iterdir()
            if not one.name.startswith((".", "__"))
        )
        return f"# {path}\n\n" + "\n".join(f"- `{name}`" for name in names)
    language = LANGUAGES.get(there.suffix, "text")
    text = there.read_text(encoding="utf-8").rstrip()
    return f"# {path}\n\n~~~~~~{language}\n{text}\n~~~~~~\n"


# The API reference


def public_names(room):
    """Public names of a room: name -> path of its definition.

    Read from the text of `__init__.py`, so that nothing has to be imported.
    """
    file = PACKAGE.joinpath(*room.split(".")[1:], "__init__.py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    homes, public, rooms = {}, None, []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            homes |= {alias.name: node.module for alias in node.names}
        elif isinstance(node, ast.Call) and "lazy_names" in ast.dump(node.func):
            for home, names in ast.literal_eval(node.args[1]).items():
                homes |= dict.fromkeys(names, home)
                public = (public or []) + names
            for keyword in node.keywords:
                rooms = ast.literal_eval(keyword.value)
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.List)
            and node.targets[0].id == "__all__"
        ):
            public = ast.literal_eval(node.value)
    found = {}
    for name in sorted(public or ()):
        home = homes[name]
        # A name of a room may be passed on by the package.
        while PACKAGE.joinpath(*home.split(".")[1:], "__init__.py").is_file():
            home = public_names(home)[0][name].rpartition(".")[0]
        found[name] = f"{home}.{name}"
    return found, sorted(rooms)


def reference():
    """Pages of the API reference: page -> (title, text)."""
    top, rooms = public_names("kerasrestore")
    named = {room: public_names(f"kerasrestore.{room}")[0] for room in rooms}
    home = {
        path: room for room, names in named.items() for path in names.values()
    }
    lines = ["# kerasrestore", "::: kerasrestore", _module_options()]
    for name, path in top.items():
        if path in home:
            lines.append(
                f"## {name}\n\nSee "
                f"[kerasrestore.{home[path]}]({home[path]}.md#{path})."
            )
        elif not name.startswith("__"):
            lines.append(_described(path))
    pages = {"reference/index.md": ("kerasrestore", "\n\n".join(lines))}
    for room, names in named.items():
        lines = [f"# kerasrestore.{room}", f"::: kerasrestore.{room}"]
        lines += [_module_options(), *map(_described, names.values())]
        pages[f"reference/{room}.md"] = (room, "\n\n".join(lines))
    return pages


def _described(path):
    return f"::: {path}\n    options:\n      heading_level: 2"


def _module_options():
    """The docstring of a room alone: continues the line before."""
    return "    options:\n      members: false\n      show_root_heading: false"


# Events of MkDocs


def on_config(config):
    zoo = [
        f"zoo/{path.relative_to(ROOT / 'docs/zoo').as_posix()}"
        for path in sorted((ROOT / "docs/zoo").rglob("*.md"))
        if path.name != "index.md"
    ]
    decisions = sorted(
        f"decisions/{path.name}"
        for path in (ROOT / "docs/decisions").glob("*.md")
    )
    sections = {
        "Model zoo": ["zoo/index.md", *zoo],
        "API reference": [
            {title: page} for page, (title, _) in reference().items()
        ],
        "Decisions": decisions,
    }
    for entry in config.nav:
        for title in entry.keys() & sections.keys():
            entry[title] = sections[title]
    return config


def on_files(files, config):
    waiting = {
        f"docs/{file.src_uri}"
        for file in files.documentation_pages()
        if not file.generated_by
    } | {*PAGES.values()}
    done = set()
    while waiting:
        path = waiting.pop()
        done.add(path)
        page, there = page_of(path), ROOT / path
        text, targets = None, set()
        if path.endswith(".md"):
            text = there.read_text(encoding="utf-8")
            text, targets = rewritten(text, path, page)
        elif not path.startswith("docs/") and not path.endswith(PICTURES):
            text = listing(path)
        waiting |= targets - done
        if not path.startswith("docs/"):
            content = (
                {"content": text} if text else {"abs_src_path": str(there)}
            )
            files.append(File.generated(config, page, **content))
    for page, (_, text) in reference().items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    if page.file.generated_by:
        return markdown
    uri = page.file.src_uri
    return rewritten(markdown, f"docs/{uri}", uri)[0]


def on_post_page(output, page, config):
    parser = _Loads()
    parser.feed(output)
    if parser.found:
        raise PluginError(
            f"{page.file.src_uri} loads {', '.join(sorted(parser.found))}; "
            "the site must not load anything from other hosts."
        )
    return output


class _Loads(HTMLParser):
    """Addresses of other hosts that a page loads."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        value = dict(attrs).get(LOADED.get(tag, ""), "") or ""
        if re.match(r"(https?:)?//", value):
            self.found.add(value)
