"""The actions on networks, from whichever screen, and the questions that come first."""

from __future__ import annotations

from functools import partial

from kinetics_tui.base.words import counted, until_text
from kinetics_tui.model.commands import (
    AddNetwork,
    CheckNetwork,
    ForgetNetwork,
    ProbeNow,
    UseNetworks,
    WaitLonger,
    use_command,
)
from kinetics_tui.model.network import NetworkState
from kinetics_tui.tui.networks.add_dialog import AddNetworkScreen
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen
from kinetics_tui.tui.parts.network_words import (
    can_be_forgotten,
    can_be_hurried,
    label_of,
    left_s,
    longer_text,
    longer_wait_s,
    probe_text,
)
from kinetics_tui.tui.parts.run_screen_base import LiveScreen

CHECK_WITHIN_S = 180.0
"""A check that came to nothing for so long is not waited for any more."""
FINISH, PUT_BACK, SEND, FORGET = "finish", "put back", "send", "forget"


class NetworkActions:
    """Switches, checks, adds and forgets networks by name. A question is asked only where none stands."""

    def __init__(self, host: LiveScreen) -> None:
        self._host = host
        self._checking: NetworkState | None = None
        self._checking_since = 0.0

    # -- switch ---------------------------------------------------------------------------------------

    def switch(self, name: str) -> None:
        """Send everything by a network; what becomes of clips in hand is asked."""
        info, state = self._find(name), self._host.moment.state
        if info is None or self._host.asks:
            return
        label = label_of(info)
        if [known.name for known in state.in_use] == [name]:
            self._host.notice(f"{label} is in use already.", bad=True)
            return
        if not info.present:
            self._host.notice(f"{label} is not here: connect it, then switch.", bad=True)
            return
        cooling = self._cooling(info)
        more = f"{cooling}: nothing will be sent until then." if cooling else ""
        self._leave_others(f"Switch to {label}?", (name,), more)

    def use(self, name: str) -> None:
        """Send by a network beside those in use, or by it no more."""
        info, state = self._find(name), self._host.moment.state
        if info is None or self._host.asks:
            return
        label, names = label_of(info), tuple(known.name for known in state.in_use)
        if name not in names:
            if not info.present:
                self._host.notice(f"{label} is not here: connect it, then use it.", bad=True)
                return
            cooling = self._cooling(info)
            said = f"{cooling}: nothing will be sent by it until then." if cooling else ""
            said = said or f"{label} is used too: one clip goes first by it."
            self._host.send(UseNetworks(ways=(*names, name)), said=said)
        elif len(names) == 1:
            self._host.notice(f"{label} is the only network in use: use another one first.", bad=True)
        else:
            others = tuple(known for known in names if known != name)
            self._leave_others(f"Use {label} no more?", others, "The others stay in use.")

    def _leave_others(self, title: str, names: tuple[str, ...], more: str) -> None:
        """Go out by these networks alone; what becomes of the clips in hand is asked."""
        state = self._host.moment.state
        if not state.in_hand:
            self._host.send(use_command(names), said=more)
            return
        many = state.in_hand != 1
        clips = f"{counted(state.in_hand, 'clip')} {'are' if many else 'is'} in hand"
        answers = [
            Answer(
                "f", f"finish the {counted(state.in_hand, 'clip') if many else 'clip'} in hand first", FINISH
            ),
            Answer("b", f"put {'them' if many else 'it'} back at once", PUT_BACK),
            Answer("g", "go back, change nothing", ""),
        ]
        text = f"{clips} by {state.label or 'the network in use'}. {more}".rstrip()
        self._host.app.push_screen(ConfirmScreen(title, text, answers), partial(self._send_use, names))

    def _send_use(self, names: tuple[str, ...], answer: str | None) -> None:
        if answer:
            self._host.send(use_command(names, finish=answer == FINISH))

    def _cooling(self, info: NetworkState) -> str:
        """That a network cools down and until when, as a sentence begins; empty where it does not."""
        moment = self._host.moment
        if not left_s(info, moment.now) or info.until is None:
            return ""
        return f"{label_of(info)} cools down until {until_text(info.until, moment.now, moment.zone)}"

    # -- check ----------------------------------------------------------------------------------------

    @property
    def checking(self) -> str:
        """The label of the network that is being checked, else empty."""
        info, moment = self._checking, self._host.moment
        if info is None:
            return ""
        checked = moment.state.checked
        told = checked is not None and checked.name == info.name and checked.at >= self._checking_since
        if told or moment.lost or moment.now > self._checking_since + CHECK_WITHIN_S:
            self._checking = None
            return ""
        return label_of(info)

    def check(self, name: str) -> None:
        """Send one request by a network; of one that cools down it is asked whether that is wanted."""
        info = self._find(name)
        if info is None or self._host.asks:
            return
        label = label_of(info)
        if self.checking:
            self._host.notice(f"{self.checking} is being checked already.", bad=True)
        elif not info.present:
            self._host.notice(f"{label} is not here: connect it, then check.", bad=True)
        elif cooling := self._cooling(info):
            ask = ConfirmScreen(
                f"Check {label} while it cools down?",
                f"{cooling}. A request now may prolong the block.",
                [Answer("c", "send one request now", SEND), Answer("g", "leave it in peace", "")],
            )
            self._host.app.push_screen(ask, partial(self._send_check, info))
        else:
            self._send_check(info, SEND)

    def _send_check(self, info: NetworkState, answer: str | None) -> None:
        if answer == SEND:
            self._checking, self._checking_since = info, self._host.moment.now
            self._host.send(CheckNetwork(name=info.name), refused=self._check_refused)

    def _check_refused(self, sentence: str) -> None:
        self._checking = None
        self._host.notice(sentence, bad=True)

    # -- add and forget -------------------------------------------------------------------------------

    def add(self) -> None:
        """Ask for a network to list."""
        if not self._host.asks:
            self._ask_to_add(None, "")

    def _ask_to_add(self, typed: AddNetwork | None, problem: str) -> None:
        self._host.app.push_screen(AddNetworkScreen(typed, problem), self._send_addition)

    def _send_addition(self, command: AddNetwork | None) -> None:
        if command is not None:
            self._host.send(command, refused=partial(self._addition_refused, command))

    def _addition_refused(self, command: AddNetwork, sentence: str) -> None:
        """Ask again with what was typed, unless the user has gone on to something else."""
        if self._host.asks:
            self._host.notice(sentence, bad=True)
        else:
            self._ask_to_add(command, sentence)

    def forget(self, name: str) -> None:
        """Have an added network listed no longer."""
        info = self._find(name)
        if info is None or self._host.asks:
            return
        if info.in_use:
            self._host.notice(f"{label_of(info)} is in use: switch to another network first.", bad=True)
        elif not can_be_forgotten(info):
            self._send_forget(name, FORGET)  # the engine says why not
        else:
            ask = ConfirmScreen(
                f"Forget {label_of(info)}?",
                "It is listed no longer, and has to be added again to be used; what is known of it is kept.",
                [Answer("x", "forget it", FORGET), Answer("g", "go back, keep it", "")],
            )
            self._host.app.push_screen(ask, partial(self._send_forget, name))

    def probe(self, name: str) -> None:
        """Do not wait for the end of a network's cooldown."""
        if (info := self._to_hurry(name, "probe")) is not None:
            title, answer = f"Probe {label_of(info)} now?", Answer("p", "probe now", "yes")
            self._host.ask_first(title, probe_text(info), answer, ProbeNow(network=name))

    def wait_longer(self, name: str) -> None:
        """Add to a network's cooldown."""
        if (info := self._to_hurry(name, "wait for")) is not None and info.until is not None:
            moment = self._host.moment
            text = longer_text(info, info.until, moment.now, moment.zone)
            title, answer = f"Leave {label_of(info)} alone for longer?", Answer("e", "wait longer", "yes")
            self._host.ask_first(title, text, answer, WaitLonger(seconds=longer_wait_s(info), network=name))

    def _to_hurry(self, name: str, what: str) -> NetworkState | None:
        """The network in use of this name that cools down; else it is said that there is nothing to do."""
        info = self._find(name)
        if info is None or self._host.asks:
            return None
        if not can_be_hurried(info):
            self._host.notice(
                f"Nothing to {what}: {label_of(info)} is not cooling down in this run.", bad=True
            )
            return None
        return info

    def _send_forget(self, name: str, answer: str | None) -> None:
        if answer == FORGET:
            self._host.send(ForgetNetwork(name=name))

    def _find(self, name: str) -> NetworkState | None:
        return self._host.moment.state.networks.get(name)
