// SPDX-License-Identifier: ISC
#include "tests/e2e/chat_upgrade.hh"

#include "common/text.hh"

#include <chrono>
#include <filesystem>
#include <thread>

namespace e2e {

using common::text;

Daemon::Setting chatd_in(const ProgramPlace& place, Words lines) {
    Daemon::Setting setting = chatd_with(std::move(lines));
    setting.environment = {}; // the catalogues are where the program is
    setting.program = place.path();
    setting.in_file = true;
    return setting;
}

Talk::Talk(const Daemon& daemon) : speaker_(daemon, "speaker"), listener_(daemon, "listener") {
    speaking_ = std::async(std::launch::async, [this] { return speak(); });
    hearing_ = std::async(std::launch::async, [this] { return hear(); });
}

int Talk::speak() {
    int line = 0;
    while (!is_over_) {
        speaker_.say(text("line ", ++line));
        std::this_thread::sleep_for(std::chrono::milliseconds{3}); // a pace, and no wait
    }
    speaker_.say("that was all");
    return line;
}

int Talk::hear() {
    const std::string lead = "speaker say: ";
    for (int next = 1;;) {
        const std::string line = listener_.read_line();
        if (!line.starts_with(lead)) continue;
        if (line == lead + "that was all") return next - 1;
        if (line != text(lead, "line ", next)) throw Failure{text("not line ", next, ": ", line)};
        ++next;
    }
}

int Talk::finish() {
    is_over_ = true;
    const int said = speaking_.get(), heard = hearing_.get();
    if (said != heard) throw Failure{text(said, " lines were said and ", heard, " heard")};
    return said;
}

void check_they_talk(ChatClient& one, ChatClient& other, std::string_view word) {
    one.say(text(word, " from one"));
    other.wait_for_text(text(" say: ", word, " from one\n"));
    other.say(text(word, " from the other"));
    one.wait_for_text(text(" say: ", word, " from the other\n"));
}

bool has_both_versions(const std::string& said) {
    return said.find(SUITE_VERSION) != std::string::npos && said.find(other_version()) != std::string::npos;
}

Connection connect_to_file(const Path& socket) {
    return Connection{common::Address::of_path(socket.native())};
}

Path write_users(const TempDir& folder) {
    const Path path = folder / "users";
    write_file(path, text("zoe:", hash_of("sesame"), ":-:-\n"));
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
    return path;
}

} // namespace e2e
