"""Ten thousand secrets are rotated within 1.15 times the service's own floor, tier 1 first, none missed and none twice.

The floor of 400 s is ten thousand times two writes at 50 a second. Two are what a rotation makes: PutSecretValue, and
the move of AWSCURRENT; AWSPENDING is left to Secrets Manager, and beside AWSCURRENT it is the normal end of a rotation
(API_RotateSecret.html). Retiring kills the old credential right after its rotation; that its label AWSPREVIOUS goes is
a third write, which an emergency of this size leaves to the retirement that each rotation has planned after its overlap
(catalog/emergency/pace.py). It is counted apart. The clock is simulated, with the machine's own pace and stages.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog import load
from catalog.emergency.pace import WRITES_OF_A_RETIREMENT, Pace
from catalog.emergency.scope import rotated as rotated_by_functions
from catalog.emergency.scope import stages
from catalog.kind import Kind
from proofs.scale_roles import MOST_CONNECTIONS
from proofs.scale_roles import rotated as rotated_roles
from proofs.scale_simulation import QUOTA, Item, World, moments
from sandbox.servers import postgres
from secretsctl.talk import show_table
from tests.servers import reachable_folder, running

SECRETS, KILLS, ROLES = 10_000, 20, 1000
AIM = 1.15
SEED = 8


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a simulated emergency came to. `floor` is the time of two writes a secret, `own` that of the writes made."""

    what: str
    world: World

    @property
    def rotated(self) -> float:
        """When the last secret was rotated."""
        return max(item.rotated_at for item in self.world.items)

    @property
    def retired(self) -> float:
        """When the last old credential was dead."""
        return max(item.retired_at for item in self.world.items)

    @property
    def floor(self) -> float:
        """400 s for ten thousand."""
        return len(self.world.items) * 2 / QUOTA

    @property
    def own(self) -> float:
        """The floor of what is written within the emergency."""
        return len(self.world.items) * self.world.pace.writes / QUOTA

    @property
    def missed(self) -> int:
        """Secrets that were not rotated, or whose old credential lives."""
        return sum(item.rotations == 0 or item.retirements == 0 for item in self.world.items)

    @property
    def twice(self) -> int:
        """Secrets that were rotated more than once."""
        return sum(item.rotations > 1 for item in self.world.items)

    @property
    def is_in_order(self) -> bool:
        """Whether each stage was rotated before the next one began: tier 1 before tier 2."""
        times: dict[int, list[float]] = {}
        for item in self.world.items:
            times.setdefault(item.stage, []).append(item.rotated_at)
        order = [times[stage] for stage in sorted(times)]
        return all(max(before) < min(after) for before, after in itertools.pairwise(order))


def items(number: int) -> list[Item]:
    """So many secrets, spread over the stages as the catalogue's are; there is one superuser and one that heals him."""
    catalog = load.catalog()
    order = stages(catalog)
    first = (Kind.POSTGRES_SUPERUSER, Kind.POSTGRES_RECOVERY)
    pattern = rotated_by_functions(catalog)
    admins = [secret for secret in pattern if secret.kind in first]
    others = [secret for secret in pattern if secret.kind not in first]
    found = [Item(name=secret.name, stage=0) for secret in admins]
    for index in range(number - len(admins)):
        secret = others[index % len(others)]
        found.append(Item(name=f"{secret.name}-{index}", stage=order.index(f"tier{secret.tier}")))
    return found


def simulated(number: int, pace: Pace, kills: int = 0) -> Run:
    """One emergency over so many secrets; the machine is killed at `kills` random moments."""
    chance = random.Random(SEED)
    world = World(pace=pace, items=items(number), random=chance)
    world.run(moments(chance, kills, number * pace.writes / QUOTA) if kills else ())
    return Run(what="undisturbed" if not kills else f"killed {world.kills} times", world=world)


def prove() -> bool:
    """Print the times of the simulation, and the rotations a minute of real roles."""
    pace = Pace.of(SECRETS)
    runs = [
        simulated(SECRETS, pace),
        simulated(SECRETS, pace, KILLS),
        simulated(SECRETS, replace(pace, label_later=False)),
    ]
    show(runs)
    with reachable_folder() as folder, running(postgres, folder, "postgres") as server:
        roles = rotated_roles(server, ROLES)
    sys.stdout.write(
        f"{roles.roles} real pairs of roles: {roles.rotated} rotated, {roles.twice} twice, {roles.seconds:.0f} s, "
        f"{roles.a_minute:.0f} rotations a minute over at most {roles.connections} connections "
        f"(aim: at most {MOST_CONNECTIONS})\n"
    )
    return (
        runs[0].rotated <= AIM * runs[0].floor
        and runs[1].world.kills == KILLS
        and all(run.missed == run.twice == 0 and run.is_in_order for run in runs)
        and (roles.rotated, roles.twice) == (roles.roles, 0)
        and roles.connections <= MOST_CONNECTIONS
    )


def show(runs: Sequence[Run]) -> None:
    """One line for each simulated emergency."""
    show_table(
        ["run", "writes", "rotated", "/ 400 s", "old ones dead", "/ own floor", "tiers in order", "missed", "twice"],
        [
            [
                f"{run.what}, label {'later' if run.world.pace.label_later else 'at once'}",
                f"{run.world.pace.writes} a secret, {run.world.refusals} refused",
                f"{run.rotated:.0f} s",
                f"{run.rotated / run.floor:.2f}",
                f"{run.retired:.0f} s",
                f"{run.retired / run.own:.2f}",
                "yes" if run.is_in_order else "NO",
                str(run.missed),
                str(run.twice),
            ]
            for run in runs
        ],
    )
    first = runs[0]
    later = len(first.world.items) * WRITES_OF_A_RETIREMENT
    sys.stdout.write(
        f"aim: rotated within {AIM} x {first.floor:.0f} s; counted apart: {later} writes of labels after the overlap, "
        f"as spread as the rotations were\n"
    )
