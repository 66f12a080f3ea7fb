// SPDX-License-Identifier: ISC
// Who in which of a client's rooms has logged in to which account, for the tag account: as the hub's list of
// a room said when the client came in, and the records of the room have said since. A name is whose it was in
// that room, and only as long as its owner is there: somebody else may have it next. Run by handlers. Pure.
#pragma once

#include "chatd/protocol.hh"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace chatd::irc {

class Accounts {
public:
    // account empty: none.
    void note(std::string_view room, std::string_view name, std::string_view account) {
        if (account.empty())
            all_.erase(Key{room, name});
        else
            all_.insert_or_assign(Key{room, name}, std::string{account});
    }
    // Who has come in or gone, and who has another name now. Of what happens now, not of earlier.
    void note(std::string_view room, const Record& record) {
        if (record.kind == Kind::joined) return note(room, record.name, record.text);
        if (record.kind != Kind::left && record.kind != Kind::renamed) return;
        const std::string account = of(room, record.name);
        note(room, record.name, {});
        if (record.kind == Kind::renamed) note(room, record.text, account);
    }
    // Nothing is known of the room any more.
    void forget(std::string_view room) {
        std::erase_if(all_, [&](const auto& one) { return one.first.first == room; });
    }
    // Empty: none.
    std::string of(std::string_view room, std::string_view name) const {
        const auto found = all_.find(Key{room, name});
        return found == all_.end() ? std::string{} : found->second;
    }

private:
    using Key = std::pair<std::string, std::string>; // room and name
    std::map<Key, std::string> all_;
};

} // namespace chatd::irc
