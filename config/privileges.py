"""Become an unprivileged account for a server that refuses to run as root.

The capability to pass through private folders is kept where the kernel allows it, so that a checkout below `/root` works
as well as one below `/srv`. Linux only; elsewhere, and where the capability is refused, this is a plain change of user.
"""

from __future__ import annotations

import ctypes
import os
import pwd
from collections.abc import Callable
from pathlib import Path

# linux/prctl.h, linux/securebits.h and linux/capability.h
PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def service_account() -> pwd.struct_passwd | None:
    """The account a server drops to when this process is root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("Run this as an ordinary user: as root, no unprivileged account (postgres, nobody, daemon) exists for Postgres.")


def own_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make `folder` private to the account that will serve from it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)


def become(account: pwd.struct_passwd | None) -> Callable[[], None] | None:
    """A `preexec_fn` that changes to `account`, or None when there is nothing to change."""
    if account is None:
        return None
    try:
        libc: ctypes.CDLL | None = ctypes.CDLL(None, use_errno=True)
    except OSError:
        libc = None

    def change() -> None:
        if libc and hasattr(libc, "prctl"):
            libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
        os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
        if libc and hasattr(libc, "capset"):
            _keep_folder_access(libc)
        os.umask(0o077)

    return change


def _keep_folder_access(libc: ctypes.CDLL) -> None:
    mask = 1 << CAP_DAC_OVERRIDE
    sets = (_Sets * 2)()
    sets[0].effective = sets[0].permitted = sets[0].inheritable = mask
    if libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
