"""Which calls to the Linux kernel a sandboxed program may not make, as a filter for bubblewrap's option ``--seccomp``.

Only what no notebook needs and what would lead around the sandbox's limits: keyrings, which outlive it; memory that belongs to no file
and no process; what the machine's cache of files holds, which later runs could ask for; namespaces and mounts of its own; looking into
other processes. The program is classic BPF, as in seccomp(2).
"""

import errno
import platform
import struct

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # place in the pairs below, and the kernel's name for it
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_USER_NAMESPACE = 0x10000000
_X32 = 0x40000000  # numbers from here on are another way to the same calls
_REFUSED = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "cachestat": (451, 451),
    "fadvise64": (221, 223),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mincore": (27, 232),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "preadv2": (327, 286),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}


def program() -> bytes | None:
    """The filter for this machine.

    Returns
    -------
    bytes or None
        None for a processor whose numbers of calls are not known here: there is no sandbox on it.
    """
    if platform.machine() not in _MACHINES:
        return None
    place, architecture = _MACHINES[platform.machine()]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06  # codes of BPF's instructions
    allow, end = 0x7FFF0000, 0x80000000

    def refuse(error: int) -> tuple[int, int, int, int]:
        return (give, 0, 0, 0x00050000 | error)

    # Each: code, how far to jump where it holds, and where it does not, and a number.
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, end), (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, _X32), refuse(errno.EPERM)]
    for numbers in _REFUSED.values():
        steps += [(equal, 0, 1, numbers[place]), refuse(errno.EPERM)]
    # The flags of clone3 lie in memory, where a filter cannot look; told that it is missing, programs take clone.
    steps += [(equal, 0, 1, _CLONE3[place]), refuse(errno.ENOSYS)]
    steps += [(equal, 0, 3, _CLONE[place]), (load, 0, 0, 16), (any_bit, 0, 1, _NEW_USER_NAMESPACE), refuse(errno.EPERM)]
    steps += [(give, 0, 0, allow)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
