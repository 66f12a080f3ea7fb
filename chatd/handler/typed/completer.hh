// SPDX-License-Identifier: ISC
// The Tab key: commands are known here, for names and rooms the hub is asked, while the person goes on
// typing. Run by handlers.
#pragma once

#include "chatd/handler/followed_rooms.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/typed/client_output.hh"
#include "chatd/handler/typed/completion.hh"
#include "chatd/handler/typed/registration.hh"

#include <optional>
#include <string>
#include <vector>

namespace chatd {

class Completer {
public:
    Completer(ClientOutput& output, HubTalk& hub, FollowedRooms& rooms, const Registration& registration)
        : output_(output), hub_(hub), rooms_(rooms), registration_(registration) {}

    // before: the line up to the cursor. Does nothing while the last one is under way, or a secret is typed.
    void begin(std::string before);
    // Asks for what can stand there, if that is still to be done and nothing else is asked; whether it did.
    bool ask();
    // Whether it is what the hub was asked for last.
    bool is_asking() const { return running_ && running_->is_asked; }
    // The answer: a piece of a list.
    void take(const HubRequest& request, const std::string& rows, bool is_last);
    void fail() { end({}); }

private:
    struct Running {
        std::string before;
        Completion wanted;
        bool is_asked = false;
        std::vector<std::string> candidates{};
    };
    void end(std::vector<std::string> candidates);

    ClientOutput& output_;
    HubTalk& hub_;
    FollowedRooms& rooms_;
    const Registration& registration_;
    std::optional<Running> running_;
};

} // namespace chatd
