// SPDX-License-Identifier: ISC
#include "tests/e2e/clients.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace e2e {

using common::checked;
using common::text;

Daemon::Setting writable() {
    Daemon::Setting setting{.lines = {"anonymous write", "listen 127.0.0.1:0"}};
    if (!has_ipv6()) return setting;
    setting.lines.emplace_back("listen [::1]:0");
    setting.listeners = 2;
    return setting;
}

const Words odd_names{"100%41",       "a name with blanks",
                      "hash#tag",     "it's",
                      "say \"hi\"",   "semi;colon?",
                      "tilde~[x]{y}", "\xe5\xbc\xa0\xe4\xb8\x89 \xc3\xbc",
                      "-dash",        "back\\slash",
                      "trailing ",    "  leading",
                      "$HOME",        "a&b|c",
                      "star*",        "%",
                      ".hidden",      "..."};

Result try_in(const Path& folder, const Words& command, std::string_view input) {
    Words whole{"sh", "-c", "cd \"$0\" && HOME=$PWD LC_ALL=C.UTF-8 TERM=dumb exec \"$@\"", folder};
    whole.insert(whole.end(), command.begin(), command.end());
    return run_client(whole, input);
}

std::string run_in(const Path& folder, const Words& command, std::string_view input) {
    const Result result = try_in(folder, command, input);
    if (result.status != 0)
        throw Failure{
            text(command[0], " ended with status ", result.status, ": ", result.out, '\n', result.err)};
    return result.out;
}

static Words lftp(std::string_view commands, const common::Address& server) {
    return {"lftp", "-c",
            text("set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 60; open ", server.shown(),
                 "; ", commands)};
}

std::string run_lftp(const Daemon& daemon, std::string_view commands, const common::Address& server) {
    return run_in(daemon.folder().path(), lftp(commands, server));
}

std::string run_lftp(const Daemon& daemon, std::string_view commands) {
    return run_lftp(daemon, commands, daemon.addresses().at(0));
}

Result try_lftp(const Daemon& daemon, std::string_view commands) {
    return try_in(daemon.folder().path(), lftp(commands, daemon.addresses().at(0)));
}

std::string url_of(const common::Address& server, std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string url = text("ftp://", server.shown(), '/');
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '/' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            url += c;
        else
            url += text('%', digits[byte >> 4], digits[byte & 15]);
    }
    return url;
}

std::string url_of(const Daemon& daemon, std::string_view path) {
    return url_of(daemon.addresses().at(0), path);
}

std::string in_quotes(std::string_view word) {
    std::string out = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

void plant_odd_tree(const Path& top, std::size_t files) {
    constexpr std::size_t files_each = 40; // more than there are odd names
    for (std::size_t number = 0; number < files; ++number) {
        const auto odd = [&](std::size_t which) {
            const std::size_t round = which / odd_names.size();
            return odd_names[which % odd_names.size()] + (round > 0 ? text(round) : "");
        };
        const Path folder = top / odd(number / files_each) / "inner #1";
        std::filesystem::create_directories(folder);
        const Path file = folder / odd(number % files_each);
        write_file(file, text(number, '\n', make_bytes(number % 1000, static_cast<unsigned>(number + 1))));
        const timespec when{1'000'000'000 + static_cast<time_t>(number) * 1000, 0};
        const std::array times{when, when};
        checked("set the time of", file.native(),
                [&] { return ::utimensat(AT_FDCWD, file.c_str(), times.data(), 0); });
    }
    std::filesystem::create_directories(top / "empty");
}

void check_same_bytes(const Path& one, const Path& other) {
    CHECK(run_client({"diff", "-r", one, other}).out.empty());
}

void check_same_tree(const Path& one, const Path& other) {
    check_same_bytes(one, other);
    const auto times = [](const Path& top) {
        return run_in(top, {"sh", "-c", "find . -type f -exec stat -c '%Y %n' {} + | sort"});
    };
    CHECK(times(one) == times(other));
}

void write_sparse(const Path& path, std::string_view tail) {
    const common::Fd file{
        checked("create", path.native(), [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT, 0666); })};
    checked("chmod", path.native(), [&] { return ::fchmod(file.get(), 0666); });
    checked("truncate", path.native(), [&] { return ::ftruncate(file.get(), static_cast<off_t>(hole)); });
    checked("write", path.native(),
            [&] { return ::pwrite(file.get(), tail.data(), tail.size(), static_cast<off_t>(hole)); });
}

void check_sparse(const Path& path, std::string_view tail) {
    CAPTURE(path);
    struct stat found {};
    checked("stat", path.native(), [&] { return ::stat(path.c_str(), &found); });
    CHECK(static_cast<std::uint64_t>(found.st_size) == hole + tail.size());
    CHECK(found.st_blocks < 1024 * 1024 / 512);
    std::string bytes(tail.size(), '\0');
    const common::Fd file{checked("open", path.native(), [&] { return ::open(path.c_str(), O_RDONLY); })};
    checked("read", path.native(),
            [&] { return ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(hole)); });
    CHECK((bytes == tail));
}

} // namespace e2e
