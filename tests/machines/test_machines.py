"""A small sample of the state machines, the same each time; and partners with one thing wrong, each of which they catch."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from handshakes.core.refusals import Refused
from handshakes.fortis.partner import App
from handshakes.officernd.partner import PartnerIntegration
from handshakes.onoffice.partner import Provider
from handshakes.retailcrm.partner import Module
from tests.machines.adapters import ADAPTERS
from tests.machines.machine import of

SAMPLE = settings(
    max_examples=25, stateful_step_count=25, derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), report_multiple_bugs=False, phases=[Phase.generate],
)  # fmt: skip


@pytest.mark.parametrize("name", ADAPTERS)
def test_handshakes_hold_in_any_order_with_any_fault_loss_and_restart(name):
    machine = of(ADAPTERS[name]())
    run_state_machine_as_test(machine, settings=SAMPLE)
    assert machine.made >= 25
    assert machine.steps > 300


class Believing(PartnerIntegration):
    """Looks up whose request it is, and not whether it is signed."""

    def verify_query(self, target, secret):
        from handshakes.core.strict import query_pairs
        from handshakes.officernd.signing import SignedQuery

        pairs = query_pairs(target.partition("?")[2], "officernd:signature.escapes")
        return SignedQuery(pairs, self.clock(), tuple(name for name, _ in pairs), ())


class Keeping(PartnerIntegration):
    """Remembers every request."""

    def healthcheck(self, request):
        self.__dict__.setdefault("requests", []).append(request)
        return (yield from super().healthcheck(request))


class Early(Module):
    """Saves the key before the CRM has accepted the module."""

    def edit(self, url, api_key, installation):
        self.committed(installation, api_key)
        return (yield from super().edit(url, api_key, installation))


class Unchecked(Module):
    """Takes a registration whatever its token is."""

    def verify(self, body, content_type, secret):
        from handshakes.retailcrm.signing import Registration
        from tests.machines.adapters.proofs import fields, read

        members = read(fields(body).get("register", "").encode())
        return Registration(str(members.get("apiKey")), str(members.get("systemUrl")), ())


class Forgetting(Module):
    """Forgets an installation when a later connection fails."""

    def connect(self, url, api_key):
        try:
            return (yield from super().connect(url, api_key))
        except Refused:
            kept = self.store.get("retailcrm", self.identity(url))
            if kept is not None:
                self.store.save(replace(kept, state="removed", credentials={}))
            raise


class Talkative(Module):
    """Tells its operator the key with which it connects."""

    def connect(self, url, api_key):
        self.report("register", Refused("wrong-state", "retailcrm:edit.call", {"with": api_key}))
        return (yield from super().connect(url, api_key))


class Eager(Provider):
    """Saves token and key before the API was called."""

    def access(self, stage, key):
        access = super().access(stage, key)
        for _ in self.committed(stage, access):
            pass
        return access


class Trusting(App):
    """Believes the user whom a launch names, and asks nobody."""

    def identified(self, launch):
        yield from ()
        return launch.value("user_id")


BROKEN = [
    ("officernd", Believing, "accepted unsigned"),
    ("officernd", Keeping, "keeps something outside its store"),
    ("retailcrm", Early, "installed without a handshake"),
    ("retailcrm", Unchecked, "accepted unsigned"),
    ("retailcrm", Forgetting, "an installation was lost"),
    ("retailcrm", Talkative, "a secret in an output"),
    ("onoffice", Eager, "installed without a handshake"),
    ("fortis", Trusting, "accepted unsigned"),
    ("fortis-plain", Trusting, "installed without a handshake"),
]


@pytest.mark.parametrize(
    ("name", "kind", "said"), BROKEN, ids=[f"{name}-{kind.__name__}" for name, kind, _ in BROKEN]
)
def test_the_machine_catches_a_partner_with_one_thing_wrong(name, kind, said, monkeypatch):
    monkeypatch.setattr("tests.machines.machine.Handshakes.judges", False)
    with pytest.raises(AssertionError, match=said):
        run_state_machine_as_test(of(ADAPTERS[name](), kind), settings=settings(SAMPLE, max_examples=100))
