// SPDX-License-Identifier: ISC
#include "tests/e2e/upgrade.hh"

#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"

#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <link.h>
#include <sys/stat.h>
#include <vector>

namespace e2e {

using common::text;
namespace fs = std::filesystem;

namespace {

void replace_all(std::string& bytes, const std::string& old, const std::string& fresh) {
    for (std::size_t at = bytes.find(old); at != bytes.npos; at = bytes.find(old, at + old.size()))
        bytes.replace(at, old.size(), fresh);
}

struct Range {
    std::size_t begin, end; // bytes of a file
};
// Where numbers stand that may look like a short string: with the version 0.1 one to 0x312e30 does.
std::vector<Range> relocations_of(const std::string& program) {
    std::vector<Range> found;
    ElfW(Ehdr) header{};
    if (program.size() < sizeof header) throw Failure{"no program has so few bytes"};
    std::memcpy(&header, program.data(), sizeof header);
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        ElfW(Shdr) section{};
        const std::string head = program.substr(header.e_shoff + i * header.e_shentsize, sizeof section);
        if (head.size() < sizeof section) throw Failure{"a program has no end"};
        std::memcpy(&section, head.data(), head.size());
        if (section.sh_type == SHT_RELA || section.sh_type == SHT_REL)
            found.push_back({section.sh_offset, section.sh_offset + section.sh_size});
    }
    return found;
}

// In a program, a string between two zero bytes.
void replace_strings(std::string& program, const std::string& old, const std::string& fresh) {
    const std::vector<Range> relocations = relocations_of(program);
    const std::string whole = std::string(1, '\0') + old + std::string(1, '\0');
    for (std::size_t at = program.find(whole); at != program.npos; at = program.find(whole, at + 1)) {
        const auto holds = [at](const Range& range) { return range.begin <= at + 1 && at < range.end; };
        if (std::ranges::none_of(relocations, holds)) program.replace(at + 1, old.size(), fresh);
    }
}

Words words_of(const Daemon& daemon, const ProgramPlace& place, const Words& options) {
    Words words{place.control_program(), "-s", daemon.state() / "control", "upgrade"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
}

} // namespace

std::string other_version() {
    std::string version = SUITE_VERSION;
    std::ranges::replace_if(
        version, [](char c) { return c >= '0' && c <= '9'; }, '9');
    return version;
}

ProgramPlace::ProgramPlace(std::string name)
    : path_(folder_.path() / name), original_(read_file(find_program(name))) {
    put_same();
    for (const auto& entry : fs::directory_iterator{Path{find_program(name)}.parent_path()})
        if (entry.path().extension() == ".cat")
            fs::copy_file(entry.path(), folder() / entry.path().filename());
}

std::string ProgramPlace::control_program() const {
    return path_.filename() == "ftpd" ? "ftpctl" : "chatctl";
}

void ProgramPlace::put(std::string_view bytes, bool is_executable) const {
    const Path fresh = path_.native() + ".new";
    write_file(fresh, bytes);
    ::chmod(fresh.c_str(), is_executable ? 0755 : 0644);
    fs::rename(fresh, path_);
}

void ProgramPlace::put_same() const { put(original_); }
void ProgramPlace::put_bytes(std::string_view bytes) const { put(bytes); }
void ProgramPlace::put_not_executable() const { put(original_, false); }

void ProgramPlace::put_other_version() const {
    std::string bytes = original_;
    const std::string name = path_.filename();
    replace_strings(bytes, SUITE_VERSION, other_version());
    for (const char between : {' ', '-'}) // as a client is told
        replace_all(bytes, text(name, between, SUITE_VERSION), text(name, between, other_version()));
    if (bytes == original_) throw Failure{"the program does not have its version in it"};
    put(bytes);
}

void ProgramPlace::put_script(std::string_view commands) const {
    const std::string name = path_.filename();
    put(text("#!/bin/sh\nfor word do\ncase $word in\n-V) echo ", name, ' ', other_version(),
             "; exit 0;;\n-n) echo '", name, ": configuration is good'; exit 0;;\nesac\ndone\n", commands,
             '\n'));
}

void ProgramPlace::put_refusing(std::string_view words) const {
    const std::string name = path_.filename();
    put(text("#!/bin/sh\nfor word do\ncase $word in\n-V) echo ", name, ' ', other_version(),
             "; exit 0;;\n-n) echo '", name, ": ", words, "' >&2; exit 1;;\nesac\ndone\nexit 1\n"));
}

bool runs(pid_t pid, const Path& program) {
    struct stat wanted {
    }, found{};
    return ::stat(program.c_str(), &wanted) == 0 &&
           ::stat(text("/proc/", pid, "/exe").c_str(), &found) == 0 && wanted.st_dev == found.st_dev &&
           wanted.st_ino == found.st_ino;
}

Result upgrade(const Daemon& daemon, const ProgramPlace& place, const Words& options) {
    return run_client(words_of(daemon, place, options));
}

Process begin_upgrade(const Daemon& daemon, const ProgramPlace& place, const Words& options) {
    return Process{words_of(daemon, place, options)};
}

pid_t wait_for_trial(const Daemon& daemon, const ProgramPlace& place) {
    pid_t found = -1;
    wait_until("the new program is the main process", [&] {
        found = daemon.main_pid(); // it has said where it listens
        return runs(found, place.path()) && is_alive(found);
    });
    return found;
}

void wait_until_upgraded(const Daemon& daemon, const ProgramPlace& place) {
    wait_until("the new program is the keeper", [&] { return runs(daemon.pid(), place.path()); });
}

void kill_trial_before_it_stays(const Daemon& daemon, const ProgramPlace& place) {
    const pid_t trial = wait_for_trial(daemon, place);
    Process strace{{"strace", "-e", "trace=execve", "-e", "inject=execve:delay_exit=30000000", "-p",
                    text(daemon.pid())}};
    strace.err().wait_for("attached");
    wait_until_upgraded(daemon, place);
    ::kill(trial, SIGKILL);
    wait_until_gone({trial});
} // strace ends, and lets it go

} // namespace e2e
