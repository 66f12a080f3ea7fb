// SPDX-License-Identifier: ISC
// The socket of `notices': whoever may open it, a group of this machine's users, can say a line into a room,
// and nothing else: of the verbs of the control socket it has `notice' alone. What comes by it is marked, so
// that it looks like nobody's words, and all of it together is let in no faster than what one address says.
// Run by the hub, which trusts nobody there and waits for none of them.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/settings.hh"
#include "common/control_server.hh"
#include "common/keeper/keeper_link.hh"
#include "common/service.hh"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace chatd {

class NoticeDoor {
public:
    static constexpr std::string_view mark = "> "; // nobody's words look so, as no name begins so
    // A connection over which nothing was let in for so long is closed, since there are few.
    static constexpr std::chrono::seconds silence{30};

    // notice: the verb; its budget is settings' flood-per-address. All must outlive this.
    NoticeDoor(common::Service& service, const Settings& settings, common::ControlVerb notice);

    // Descriptors that this may need at once.
    static std::size_t descriptors(const Settings& settings);

    // What the keeper has opened, and who was connected to the hub before.
    void open();
    void add(common::Given socket);
    void remove(const std::string& label);

    void continue_answers();
    bool is_answering() const;
    // Whoever connects or asks anything from now on waits for the next hub.
    void begin_hand_over();
    void hand_over();
    void close() { servers_.clear(); } // the keeper removes the files

private:
    void adopt_notifiers();
    std::optional<common::ControlServer::Manners::Refusal> take_token();

    common::Service& service_;
    const Settings& settings_;
    common::ControlVerb notice_;
    TokenBucket bucket_;
    std::map<std::string, common::ControlServer> servers_; // by the keeper's label: one, but for a moment
};

} // namespace chatd
