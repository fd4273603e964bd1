# SPDX-License-Identifier: ISC
"""A SCSI disk for one program, on a machine without any:

    scsidisk.py PROGRAM ARGUMENT...

The program is what it is and asks the kernel, by SG_IO (sg(4)) on whatever file
it has open; the kernel asks us, by seccomp's user notification.  The disk is a
small one that is well, and has never been asked to test itself.
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
import sys

SG_IO = 0x2285
SCMP_ACT_ALLOW, SCMP_ACT_NOTIFY = 0x7fff0000, 0x7fc00000
SCMP_CMP_EQ, SCMP_FLTATR_CTL_NNP = 4, 3
RECEIVE, ANSWER = 0xc0502100, 0xc0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
NOTIFICATION = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif
RESPONSE = struct.Struct("=QqiI")  # struct seccomp_notif_resp
REQUEST = struct.Struct("@iiBBHIPPPIIiPBBBBHHiII")  # struct sg_io_hdr
STATUS = 13  # its field of that number, and what follows

TEST_UNIT_READY, REQUEST_SENSE, INQUIRY, MODE_SENSE_6 = 0x00, 0x03, 0x12, 0x1a
READ_CAPACITY, LOG_SENSE, MODE_SENSE_10 = 0x25, 0x4d, 0x5a
IEC, TEMPERATURE = 0x1c, 0x0d  # pages: informational exceptions; 20 degrees
ILLEGAL_REQUEST = bytes([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0,
                         0, 0])
CHECK_CONDITION, DRIVER_SENSE = 2, 8


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def inquiry(cdb):
    if not cdb[1] & 1:
        return bytes([0, 0, 6, 2, 91, 0, 0, 2]) + b"MAKER   MODEL X         " \
            b"1.0 SERIAL  ".ljust(60, b"\0")
    return {0x00: b"\0\0\0\2\0\x80", 0x80: b"\0\x80\0\x08SERIAL-1"}.get(cdb[2])


def mode_page(cdb):
    page = {IEC: bytes([IEC, 10, 0x10, 6]) + bytes(8)}.get(cdb[2] & 0x3f)
    if page is None:
        return None
    if cdb[0] == MODE_SENSE_6:
        return bytes([3 + len(page), 0, 0, 0]) + page
    return struct.pack(">H6x", 6 + len(page)) + page


def log_page(cdb):
    return {0x00: b"\0\0\0\3\0\x0d\x2f",
            TEMPERATURE: b"\x0d\0\0\6\0\0\3\2\0\x14",
            0x2f: b"\x2f\0\0\x08\0\0\3\4\0\0\x14\0"}.get(cdb[2] & 0x3f)


COMMANDS = {
    TEST_UNIT_READY: lambda cdb: b"",
    REQUEST_SENSE: lambda cdb: bytes([0x70, 0, 0, 0, 0, 0, 0, 10]) + bytes(10),
    INQUIRY: inquiry, MODE_SENSE_6: mode_page, MODE_SENSE_10: mode_page,
    LOG_SENSE: log_page,
    READ_CAPACITY: lambda cdb: struct.pack(">II", 0xfffff, 512),
}


class Memory:
    """Of the process that has asked."""

    def __init__(self, pid):
        self.fd = os.open("/proc/%d/mem" % pid, os.O_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        os.close(self.fd)

    def read(self, at, n):
        return os.pread(self.fd, n, at)

    def write(self, at, data):
        assert os.pwrite(self.fd, data, at) == len(data)


def command(memory, at):
    """One, whose struct sg_io_hdr is there."""
    fields = list(REQUEST.unpack(memory.read(at, REQUEST.size)))
    cdb_length, sense_room, room = fields[2], fields[3], fields[5]
    data_at, cdb_at, sense_at = fields[6:9]
    cdb = memory.read(cdb_at, cdb_length)
    data = COMMANDS.get(cdb[0], lambda cdb: None)(cdb)
    status, sense, driver = 0, b"", 0
    if data is None:
        status, driver = CHECK_CONDITION, DRIVER_SENSE
        sense = ILLEGAL_REQUEST[:sense_room]
        memory.write(sense_at, sense)
    elif data:
        memory.write(data_at, data[:room])
    fields[STATUS:] = [status, status >> 1, 0, len(sense), 0, driver,
                       room - len(data or b""), 0, 0]
    memory.write(at, REQUEST.pack(*fields))


def serve(fd):
    """Until the last process that could ask has ended."""
    events = select.poll()
    events.register(fd, select.POLLIN)
    # Not by RECEIVE alone, which older kernels leave waiting for ever then.
    while events.poll()[0][1] & select.POLLIN:
        asked = bytearray(NOTIFICATION.size)
        fcntl.ioctl(fd, RECEIVE, asked)
        fields = NOTIFICATION.unpack(asked)
        with Memory(fields[1]) as memory:
            command(memory, fields[8])
        fcntl.ioctl(fd, ANSWER, RESPONSE.pack(fields[0], 0, 0, 0))


def watched():
    """From now on this process's questions come to the descriptor."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(SCMP_ACT_ALLOW))
    # The programs that it starts may still be set-user-id ones.
    assert lib.seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0) == 0
    assert lib.seccomp_rule_add_array(
        context, SCMP_ACT_NOTIFY,
        lib.seccomp_syscall_resolve_name(b"ioctl"), 1,
        (Compare * 1)(Compare(1, SCMP_CMP_EQ, SG_IO, 0))) == 0
    assert lib.seccomp_load(context) == 0
    return lib.seccomp_notify_fd(context)


def main(argv):
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        socket.send_fds(theirs, [b"x"], [watched()])
        theirs.close()
        os.execvp(argv[0], argv)
    theirs.close()
    _, [fd], _, _ = socket.recv_fds(ours, 1, 1)
    serve(fd)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
