// SPDX-License-Identifier: ISC
// What the kernel says about other processes, from /proc: for tests that count children, descriptors and
// memory, and for the runner that finds what a test left behind. Elsewhere than on Linux every answer is
// empty; a test that needs one skips itself when have_proc() says no.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace e2e {

bool have_proc();

struct ProcessStatus {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    char state = '?'; // of proc(5): R running, S sleeping, Z zombie, ...
    std::string name; // the program's file name, at most 15 bytes
};

std::vector<ProcessStatus> all_processes();
std::vector<ProcessStatus> children_of(pid_t pid); // zombies too
bool is_alive(pid_t pid);                          // false for a zombie
std::string command_line_of(pid_t pid);            // its words, each with a NUL behind it; empty for a zombie

// Open descriptors and what they lead to, as readlink(2) of /proc/PID/fd says: "socket:[812]", "/tmp/x", ...
// Empty for a process that is gone or not ours to look at.
std::map<int, std::string> descriptors_of(pid_t pid);

// Whether the words stand anywhere in what a process can write to: its heap, its stacks, all else of its own.
// Throws std::runtime_error when its memory cannot be read.
bool has_in_memory(pid_t pid, std::string_view words);
// The same of any so many bytes in a row of these, at least 15.
bool has_part_in_memory(pid_t pid, std::string_view bytes, std::size_t least);

std::vector<ProcessStatus> below(pid_t pid); // its children, and theirs, and so on; zombies too

std::size_t resident_bytes(pid_t pid); // 0 for a process that is gone

struct ProcessStat {
    bool is_asleep = false;
    std::chrono::milliseconds used{}; // of a processor, in steps of a tick
};
ProcessStat stat_of_process(pid_t pid);

} // namespace e2e
