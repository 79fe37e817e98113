"""What stands on the screen of a terminal after some output."""

import re

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def screen_of(output: str, columns: int) -> list[str]:
    """Return the lines of the screen, as a terminal of some columns shows them."""
    rows, row, column, place = [""], 0, 0, 0
    while place < len(output):
        if control := CONTROL.match(output, place):
            count, kind = control.groups()
            if kind == "K":
                rows[row] = "" if count == "2" else rows[row][:column]
            elif kind == "A":
                row = max(0, row - int(count or 1))
            place = control.end()
            continue
        letter, place = output[place], place + 1
        if letter == "\r":
            column = 0
        elif letter == "\n":
            row, column = row + 1, 0  # as the driver of a terminal does
        else:
            if column == columns:
                row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
            rows[row] = rows[row].ljust(column)[:column] + letter + rows[row][column + 1 :]
            column += 1
        rows += [""] * (row + 1 - len(rows))
    while rows and not rows[-1]:
        rows.pop()
    return rows
