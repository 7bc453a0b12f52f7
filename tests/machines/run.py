"""The state machines for as long as one likes, with other cases each time: outside CI.

    nice python -m tests.machines.run [--seconds 900] [PLATFORM…]

The platforms take turns. The first failure ends the run with its steps and the status 1; else it prints how
many machines were run and how many steps they took.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import cycle

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machines.adapters import ADAPTERS
from tests.machines.machine import Handshakes, of

MANY = settings(
    max_examples=50, stateful_step_count=50, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), report_multiple_bugs=False, phases=[Phase.generate],
)  # fmt: skip


def main() -> int:
    """Run until the time is over; an exception of a machine is its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("platforms", nargs="*", choices=[*ADAPTERS, []], default=[])
    given = parser.parse_args()
    if given.seconds <= 0:
        parser.error("nothing would be tried")
    until, machines, steps = time.monotonic() + given.seconds, Counter[str](), Counter[str]()
    for name in cycle(given.platforms or ADAPTERS):
        if time.monotonic() > until:
            break
        machine = of(ADAPTERS[name]())
        run_state_machine_as_test(machine, settings=MANY)
        machines[name] += machine.made
        steps[name] += machine.steps
        print(f"{name}: {machines[name]} machines, {steps[name]} steps", flush=True)
    assert Handshakes.steps == 0  # each kind of machine counts for itself
    print(f"in all {machines.total()} machines, {steps.total()} steps, without a failure")
    return 0


if __name__ == "__main__":
    sys.exit(main())
