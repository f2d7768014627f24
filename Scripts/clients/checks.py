"""What the clients' scripts share: a line for each check, an end with status 1 at the first that fails, and their number."""

import sys

passed = 0


def check(name, holds, seen=""):
    global passed
    if not holds:
        sys.exit(f"FAILED {name}: {seen}")
    passed += 1
    print(f"ok {name}")


def finish():
    print(f"{passed} checks passed")
