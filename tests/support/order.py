"""The order of the tests for several workers: no worker is left with a long test when the others have finished.

`--dist worksteal` gives each worker a part of the list. A worker without tests takes over half of another one's rest,
from its end. So each part begins with slow tests, and with those whose set-up is worth making on one worker only.
"""

import pytest

TOGETHER = ("kafka", "demo")  # directories: their tests share a broker, and a database with part of the demo


def spread(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The parts of the workers, one after the other."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    groups = [[item for item in items if item.path.parent.name == name] for name in TOGETHER]
    starts = [slow[number::workers] for number in range(workers)]
    for number, group in enumerate(groups):
        starts[number % workers] += [item for item in group if item not in slow]
    placed = {item for start in starts for item in start}
    others = [item for item in items if item not in placed]
    spread: list[pytest.Item] = []
    for number, start in enumerate(starts):
        size = (len(items) - len(spread)) // (workers - number)
        rest = max(size - len(start), 0)
        spread += start + others[:rest]
        others = others[rest:]
    return spread + others
