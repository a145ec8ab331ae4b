"""What --test-tags selects, as Odoo reads it: `[-][tag][/module][:class][.method][[params]]`, or `/path/of/file.py` (17+)."""

import re

from runner.text import printable, shortened

_LONGEST = 200
# As Odoo 14 to 19 read it: `params` since 17. A `+` is the same as no sign.
_OF_MODULE = r"\+?(\*|\w*)(/{module}(:\w*)?(\.\w*)?(\[[^][]*\])?|/{module}/tests/\w+\.py)"


def stays_within(tags: str | None, module: str) -> bool:
    """Tell whether these tags can select no test outside of the module, in any series of Odoo.

    Only if there is a spec that selects, not only such as leave out, and each of them names the module itself. A comma within
    [] parts two specs in some series, so that it proves nothing.
    """
    if not tags:
        return True
    specs = [spec for spec in map(str.strip, tags.split(",")) if spec and not spec.startswith("-")]
    of_module = re.compile(_OF_MODULE.format(module=re.escape(module)))
    return bool(specs) and all(of_module.fullmatch(spec) for spec in specs)


def told_selection(tags: str | None, module: str) -> str:
    """Return the tags as a reader has to see them; empty where they select the module's tests as Odoo does by itself."""
    if not tags or {spec.strip() for spec in tags.split(",")} == {f"/{module}"}:
        return ""
    return shortened(printable(tags.strip() or repr(tags)), _LONGEST)
