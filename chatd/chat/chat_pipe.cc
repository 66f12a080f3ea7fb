// SPDX-License-Identifier: ISC
// chat between pipes, or with one of them a terminal: lines are copied both ways, and nothing is added.
#include "chatd/chat/chat_front.hh"
#include "chatd/chat/server_text.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/signals.hh"

#include <cstdio>
#include <poll.h>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

class PipeFront : public ChatFront {
public:
    std::string take_input(std::string_view bytes) override {
        ends_in_newline_ = bytes.back() == '\n';
        return std::string{bytes};
    }
    // The server takes half a line for one that was cut off; here it is known to be whole.
    std::string end_input() override { return ends_in_newline_ ? "" : "\n"; }
    void tell(std::string_view words, Notice notice) override {
        // Once for each gap, however often it is tried again.
        if (notice == Notice::lasting || !in_gap_)
            std::fprintf(stderr, "chat: %s\n", std::string{words}.c_str());
        in_gap_ = notice == Notice::passing;
    }
    void show(std::string_view said, bool) override {
        text_.add(said);
        std::string shown = text_.take_lines();
        write_out(shown += text_.take_rest());
    }

private:
    Signals signals_{}; // none: but a pipe that nobody reads is an error, not a death
    ServerText text_;
    bool ends_in_newline_ = true;
    bool in_gap_ = false;
};

} // namespace

std::unique_ptr<ChatFront> make_pipe_front() { return std::make_unique<PipeFront>(); }

void write_out(std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = write_some(STDOUT_FILENO, bytes);
        if (wrote.state == IoState::vanished) fail_with(EPIPE, "write the output");
        if (wrote.state == IoState::would_block) { // whoever shares it has made it so
            pollfd output{STDOUT_FILENO, POLLOUT, 0};
            checked("wait", {}, [&] { return ::poll(&output, 1, -1); });
        }
        bytes.remove_prefix(wrote.bytes);
    }
}

} // namespace chatd
