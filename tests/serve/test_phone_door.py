"""The second door: phones of the network get to their pages and to nothing else."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.settings import load_settings
from groupcoach.engine import RunOptions
from groupcoach.outputs import Outputs
from groupcoach.serve.board import LiveBoard


@pytest.fixture
def opened(tmp_path):
    """Outputs with a board, as after its engine began to serve."""

    def make(text, phones=False):
        (tmp_path / "cues.toml").write_text(text)
        out = Outputs.__new__(Outputs)
        out.notices, out.board, out.options = [], LiveBoard(), RunOptions("0", phones=phones)
        out.board.phones = PhoneDesk()
        out.board.phones.address = "as before"
        out._let_phones_in(load_settings(tmp_path / "cues.toml"), stack)
        return out

    with contextlib.ExitStack() as stack:
        yield make


def test_by_default_nobody_outside_gets_in(opened):
    assert opened("").board.phones.address == "as before"


def test_where_the_studio_says_so_phones_reach_their_page_only(opened):
    out = opened('[phone]\nlisten = "0.0.0.0"\nport = 0\n')
    address = out.board.phones.address
    port = int(address.split(":")[2].split("/")[0])
    here = f"http://127.0.0.1:{port}"
    assert httpx.get(f"{here}/me").status_code == 200
    for path in ("/snapshot", "/phones", "/events", "/preview.jpg"):
        assert httpx.get(here + path).status_code == 401
    assert httpx.post(f"{here}/commands", json={"kind": "mute", "person_id": None}).status_code == 401


def test_the_option_lets_them_in_too(opened):
    address = opened("[phone]\nport = 0\n", phones=True).board.phones.address
    assert address.startswith("http://")
    assert address.endswith("/me")
    port = int(address.split(":")[2].split("/")[0])
    assert httpx.get(f"http://127.0.0.1:{port}/me").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/phones").status_code == 401


def test_an_address_that_cannot_be_had_is_a_notice_and_the_class_goes_on(opened):
    out = opened('[phone]\nlisten = "192.0.2.1"\n')
    assert "Phones cannot reach their page" in out.notices[0]
