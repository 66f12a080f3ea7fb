// SPDX-License-Identifier: ISC
// The capabilities of IRCv3 that a client may ask for, and what it has asked for: CAP, with the semantics of
// version 302. Run by handlers. Pure: takes the parameters of a CAP, and gives those of the answers.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

// Name in the protocol, what it cannot do without, and its value, shown to clients that know version 302.
// clang-format off
#define CHATD_IRC_CAPABILITIES(capability) \
capability(account_notify,    "account-notify",    "",                              "") \
capability(account_tag,       "account-tag",       "",                              "") \
capability(away_notify,       "away-notify",       "",                              "") \
capability(batch,             "batch",             "",                              "") \
capability(cap_notify,        "cap-notify",        "",                              "") \
capability(chathistory,       "draft/chathistory", "batch",                         "") \
capability(echo_message,      "echo-message",      "",                              "") \
capability(extended_join,     "extended-join",     "",                              "") \
capability(invite_notify,     "invite-notify",     "",                              "") \
capability(labeled_response,  "labeled-response",  "batch",                         "") \
capability(message_tags,      "message-tags",      "",                              "") \
capability(multi_prefix,      "multi-prefix",      "",                              "") \
capability(sasl,              "sasl",              "",                              "PLAIN") \
capability(server_time,       "server-time",       "",                              "") \
capability(setname,           "setname",           "",                              "") \
capability(standard_replies,  "standard-replies",  "",                              "") \
capability(userhost_in_names, "userhost-in-names", "",                              "")
// clang-format on

#define CHATD_IRC_CAPABILITY(symbol, name, needs, value) symbol,
enum class Capability : std::size_t { CHATD_IRC_CAPABILITIES(CHATD_IRC_CAPABILITY) };
#undef CHATD_IRC_CAPABILITY

struct CapabilityRow {
    Capability capability;
    std::string_view name;
    std::string_view needs; // the name of another; empty: none
    std::string_view value;
};
#define CHATD_IRC_CAPABILITY_ROW(symbol, name, needs, value)                                                 \
    CapabilityRow{Capability::symbol, name, needs, value},
inline constexpr std::array capability_table{CHATD_IRC_CAPABILITIES(CHATD_IRC_CAPABILITY_ROW)};
#undef CHATD_IRC_CAPABILITY_ROW
#undef CHATD_IRC_CAPABILITIES

class Capabilities {
public:
    // has_accounts: whether there is a password to check; else there is no SASL.
    explicit Capabilities(bool has_accounts) : has_accounts_(has_accounts) {}

    // What one CAP is answered with.
    struct Answer {
        // The parameters of a CAP each, behind the client's name; the last one is a text.
        std::vector<std::vector<std::string>> caps;
        bool is_unknown = false; // the subcommand: numeric 410
        bool has_ended = false;  // the negotiation has: the registration goes on
    };
    // params: of the CAP. room: bytes that the names of one answer may have.
    Answer take(const std::vector<std::string>& params, std::size_t room);

    // Whether the client has asked for it, and for what it needs: in which order does not count.
    bool has(Capability capability) const;
    // Whether registration waits for CAP END.
    bool is_negotiating() const { return is_negotiating_; }
    // What ends a negotiation beside END.
    void end() { is_negotiating_ = false; }
    // Whether lines may have tags, since the client has asked for something that is one.
    bool takes_tags() const;

private:
    bool is_offered(const CapabilityRow& row) const;
    const CapabilityRow* find(std::string_view name) const;
    bool is_set(Capability capability) const { return set_[static_cast<std::size_t>(capability)]; }
    bool request(std::string_view names);
    // The words in as many answers as they need; is_more: what all but the last have.
    static void add(Answer& answer, std::string_view subcommand, const std::vector<std::string>& words,
                    std::size_t room, std::string_view is_more);
    void list(Answer& answer, std::string_view subcommand, std::size_t room, bool all) const;

    bool has_accounts_;
    bool is_negotiating_ = false;
    unsigned version_ = 301;
    std::bitset<capability_table.size()> set_;
};

} // namespace chatd::irc
