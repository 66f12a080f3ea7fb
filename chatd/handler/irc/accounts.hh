// SPDX-License-Identifier: ISC
// Who of those in a client's rooms has logged in to which account, for the tag account: as far as the hub's
// lists and the records of the rooms have said. Run by handlers. Pure.
#pragma once

#include "chatd/protocol.hh"

#include <map>
#include <string>
#include <string_view>

namespace chatd::irc {

class Accounts {
public:
    // account empty: none.
    void note(std::string_view name, std::string_view account) {
        if (account.empty())
            by_name_.erase(std::string{name});
        else
            by_name_.insert_or_assign(std::string{name}, std::string{account});
    }
    // Who has come in, and who has another name now.
    void note(const Record& record) {
        if (record.kind == Kind::joined) return note(record.name, record.text);
        if (record.kind != Kind::renamed) return;
        const std::string account = of(record.name);
        note(record.name, {});
        note(record.text, account);
    }
    // Empty: none.
    std::string of(std::string_view name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? std::string{} : found->second;
    }

private:
    std::map<std::string, std::string, std::less<>> by_name_;
};

} // namespace chatd::irc
