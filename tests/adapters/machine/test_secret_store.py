"""Secrets are found where the docstring says, and refused where others could read them."""

import hashlib
import os
import sys
import types
from types import SimpleNamespace

import pytest

from steelyard.adapters.machine.secret_store import SecretStore, untrusted
from steelyard.domain.trading.approvals import proven
from steelyard.errors import InputError


def env_file(folder, text, mode=0o600):
    path = folder / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_every_notify_variable_is_a_service(tmp_path):
    file = env_file(tmp_path, "# mine\nexport STEELYARD_NOTIFY_MAIL='mailto://a:b@c'\nOTHER=1\n")
    store = SecretStore({"STEELYARD_NOTIFY_SLACK": "slack://x", "PATH": "/bin"}, file)
    assert store.services() == {"mail": "mailto://a:b@c", "slack": "slack://x"}


def test_the_environment_wins_over_the_file(tmp_path):
    file = env_file(tmp_path, "STEELYARD_NOTIFY_A=json://old\n")
    assert SecretStore({"STEELYARD_NOTIFY_A": "json://new"}, file).services() == {"a": "json://new"}


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    with pytest.raises(InputError) as caught:
        SecretStore({}, env_file(tmp_path, "STEELYARD_NOTIFY_A=json://x\n", mode))
    assert caught.value.code == "env-permissions"
    assert "chmod 600" in caught.value.hint


def test_a_line_that_is_no_setting_is_named_by_its_number_and_not_shown(tmp_path):
    with pytest.raises(InputError) as caught:
        SecretStore({}, env_file(tmp_path, "\ntgram://CANARY/1\n"))
    assert ".env:2" in caught.value.message
    assert "CANARY" not in caught.value.message + caught.value.hint


def test_whole_addresses_and_their_parts_are_masked():
    store = SecretStore({"STEELYARD_NOTIFY_T": "tgram://123456789:AbC-dEf_gHi/987654321/?format=text"})
    said = "failed https://api.telegram.org/bot123456789:abc-def_ghi/sendMessage for 987654321"
    assert store.mask(said) == "failed https://api.telegram.org/bot***:***/sendMessage for ***"


def test_an_escaped_password_is_masked_in_its_plain_form_as_well():
    store = SecretStore({"STEELYARD_NOTIFY_M": "mailto://me:p%40ssw0rd%21@example.org"})
    assert "p@ssw0rd!" not in store.mask("login with p@ssw0rd! failed")
    assert "p%40ssw0rd" not in store.mask("login with p%40ssw0rd%21 failed")


class Keyring(types.ModuleType):
    """The functions and errors of keyring that its documentation names, over a backend of this test.

    `get_password(service, username)` gives None where nothing is stored; what fails is a `KeyringError`, also
    `NoKeyringError` (a RuntimeError too) without a backend, `KeyringLocked` and `InitError`.
    """

    def __init__(self, stored=(), fails=None):
        super().__init__("keyring")
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})
        for name, more in (("NoKeyringError", (RuntimeError,)), ("KeyringLocked", ()), ("InitError", ())):
            setattr(self.errors, name, type(name, (self.errors.KeyringError, *more), {}))
        self.stored, self.fails, self.asked = dict(stored), fails, []

    def get_password(self, service, username):
        self.asked.append((service, username))
        if self.fails:
            raise getattr(self.errors, self.fails)("no")
        return self.stored.get((service, username))


@pytest.fixture
def keyring_of(monkeypatch):
    def install(*words, **more):
        made = Keyring(*words, **more)
        monkeypatch.setitem(sys.modules, "keyring", made)
        monkeypatch.setitem(sys.modules, "keyring.errors", made.errors)
        return made

    return install


SECRET = "0123456789abcdef" * 2 + "of min"
VERIFIER = hashlib.sha256(SECRET.encode()).hexdigest()


def test_an_approver_proves_themselves_by_the_secret_in_their_keyring(keyring_of):
    ring = keyring_of({("steelyard", "approver-min"): SECRET})
    assert proven("min", VERIFIER, SecretStore({}).approver("min")).proven
    assert ring.asked == [("steelyard", "approver-min")]


def test_the_environment_wins_over_the_keyring_for_an_approver_too(keyring_of):
    ring = keyring_of({("steelyard", "approver-min"): "another"})
    assert SecretStore({"STEELYARD_APPROVER_MIN": SECRET}).approver("min") == SECRET
    assert ring.asked == []


@pytest.mark.parametrize("fails", [None, "KeyringError", "NoKeyringError", "KeyringLocked", "InitError"])
@pytest.mark.parametrize(
    "stored", [{}, {("steelyard", "approver-jun"): SECRET}, {("other", "approver-min"): SECRET}]
)
def test_without_their_own_secret_nobody_is_an_approver(keyring_of, stored, fails):
    """Nothing stored, somebody else's, a locked keyring or none at all: refused, and what to do is said."""
    keyring_of(stored, fails=fails)
    with pytest.raises(InputError) as caught:
        proven("min", VERIFIER, SecretStore({}).approver("min"))
    assert caught.value.code == "approver-secret"
    assert "keyring" in caught.value.hint


@pytest.mark.parametrize("found", ["", SECRET[:-1], SECRET.upper(), SECRET + " "])
def test_another_secret_in_the_keyring_proves_nobody(keyring_of, found):
    keyring_of({("steelyard", "approver-min"): found})
    with pytest.raises(InputError) as caught:
        proven("min", VERIFIER, SecretStore({}).approver("min"))
    assert caught.value.code == "approver-secret"
    assert SECRET not in caught.value.message + caught.value.hint


def test_a_keyring_that_is_asked_for_and_missing_says_what_to_install():
    try:
        import keyring  # noqa: F401
    except ImportError:
        with pytest.raises(InputError) as caught:
            SecretStore({"STEELYARD_KEYRING": "telegram"}).services()
        assert caught.value.code == "extra-missing"
    else:
        pytest.skip("there is a keyring here")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("STEELYARD_A=secret # of the desk", "secret"),
        ("export STEELYARD_A = secret", "secret"),
        ('STEELYARD_A="two words # and no comment" # one', "two words # and no comment"),
        ("STEELYARD_A='single \\n'", "single \\n"),
        ('STEELYARD_A="a\\nb \\"c\\""', 'a\nb "c"'),
        ("STEELYARD_A=tgram://a#b/c", "tgram://a#b/c"),
    ],
)
def test_a_line_of_an_env_file_is_read_as_dotenv_reads_it(tmp_path, line, value):
    path = tmp_path / ".env"
    path.write_text(line + "\n")
    path.chmod(0o600)
    assert SecretStore({}, path).get("A") == value


@pytest.mark.parametrize("line", ['STEELYARD_A="first', "STEELYARD_A='a' b", 'STEELYARD_A="a"b"'])
def test_a_value_of_several_lines_is_refused_and_not_cut(tmp_path, line):
    path = tmp_path / ".env"
    path.write_text(line + "\n")
    path.chmod(0o600)
    with pytest.raises(InputError) as caught:
        SecretStore({}, path)
    assert caught.value.code == "env-file"
    assert "first" not in caught.value.message


@pytest.mark.parametrize(
    ("file", "folder", "trusted"),
    [
        ({}, {}, True),
        ({"st_uid": 0}, {}, True),
        ({"st_uid": 1001}, {}, False),
        ({}, {"st_uid": 1001}, False),
        ({}, {"st_mode": 0o40777}, False),
        ({}, {"st_mode": 0o41777}, True),
        ({}, {"st_mode": 0o40775}, True),
        ({}, {"st_mode": 0o40775, "st_gid": 50}, False),
    ],
)
def test_a_file_of_secrets_that_somebody_else_may_write_or_replace_is_not_trusted(file, folder, trusted):
    """User 1000 in their own group: another owner, a folder for everybody or for another group."""
    own = {"st_uid": 1000, "st_gid": 1000, "st_mode": 0o100600}
    a, b = SimpleNamespace(**{**own, **file}), SimpleNamespace(**{**own, "st_mode": 0o40700, **folder})
    assert (untrusted(a, b, 1000, 1000) == "") is trusted


@pytest.mark.skipif(os.name != "posix", reason="needs rights of files as Unix has them")
def test_a_folder_that_everybody_may_write_keeps_its_secrets_from_being_read(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    (folder / ".env").write_text("STEELYARD_KIS_KEY=canary\n")
    (folder / ".env").chmod(0o600)
    folder.chmod(0o777)
    with pytest.raises(InputError) as caught:
        SecretStore({}, folder / ".env")
    assert caught.value.code == "env-permissions"
    assert "canary" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("device", ["pipe", "/dev/zero"])
def test_a_pipe_or_a_device_in_the_place_of_secrets_is_refused_and_not_waited_for(tmp_path, device):
    """`mkfifo .env` held every command that reads secrets for ever."""
    path = tmp_path / ".env"
    os.mkfifo(path, 0o600) if device == "pipe" else path.symlink_to(device)
    with pytest.raises(InputError) as caught:
        SecretStore({}, path)
    assert caught.value.code == "env-file"
    assert "a pipe or a device" in caught.value.message
