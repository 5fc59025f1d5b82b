"""An extension of griffe, which reads the docstrings for the site.

Our docstrings have an "Example" that is not indented, as those of Keras have;
griffe reads code where there is an indented section "Examples".
"""

import griffe


class DocstringSections(griffe.Extension):
    """Reads "Example:" as "Examples:" with what follows it indented."""

    def on_object(self, *, obj, loader, **kwargs):
        if obj.docstring:
            head, mark, code = obj.docstring.value.partition("\nExample:\n")
            if mark:
                code, next_section, rest = code.partition("\n\nReferences:")
                code = code.replace("\n", "\n    ")
                obj.docstring.value = (
                    f"{head}\nExamples:\n    {code}{next_section}{rest}"
                )
