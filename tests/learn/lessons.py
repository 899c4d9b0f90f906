"""Small lessons for tests."""

from __future__ import annotations

from pathlib import Path

HEAD = """\
# %% [markdown]
# # {number:02d} {title}
#
# **After it you can** add two numbers, and say
# why **that** works.
#
# **Needs** lesson 00. **Minutes** {minutes}.
"""

GOOD = """
# %% [markdown]
# ## Code
# Use `sum`, *always*.

# %%
a = 1 + 1
print("a is", a)

# %%
assert a == 2, "sums are sums"
print("checked", a)
"""

BROKEN = """
# %%
a = 3
print("so far")

# %%

def claim(value):
    assert value == 2, "three is not two"

claim(a)

# %%
print("never printed")
"""

BROKEN_LINE = 16  # of the assert


def write(folder: Path, number: int, name: str, body: str = GOOD, minutes: int = 25) -> Path:
    """Write a lesson into a folder, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:02d}_{name}.py"
    title = name.replace("_", " ").capitalize()
    head = HEAD.format(number=number, title=title, minutes=minutes)
    path.write_text(head + body, encoding="utf-8")
    return path
