// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/who_query.hh"

#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/numerics.hh"
#include "common/text.hh"

#include <array>

using common::text;

namespace chatd::irc {
namespace {

constexpr std::size_t most_of_token = 3;

// H here, G gone; * operator of the server; marks; B a program.
std::string status_of(const PersonRow& person, const FoundIn& where, bool all_marks) {
    return text(person.has('a') ? 'G' : 'H', person.has('O') ? "*" : "", marks_of(where.flags, all_marks),
                person.has('b') ? "B" : "");
}

struct Who {
    const WhoQuery& query;
    const PersonRow& person;
    const FoundIn& where;
    bool all_marks;
};

// An address that begins with a colon would be a last parameter.
std::string shown_address(std::string_view peer) {
    const std::string address = without_port(peer);
    if (address.empty()) return "255.255.255.255"; // as WHOX says of one that is not told
    return address.front() == ':' ? "0" + address : address;
}

// The fields of WHOX, in the order in which they are told, whatever the order in which they are asked for.
struct Field {
    char letter;
    std::string (*value)(const Who& who);
};
constexpr std::array fields{
    Field{'t', [](const Who& w) { return w.query.token.empty() ? "0" : w.query.token; }},
    Field{'c', [](const Who& w) { return w.where.channel; }},
    Field{'u', [](const Who&) { return std::string{user_word}; }},
    Field{'i', [](const Who& w) { return shown_address(w.person.address); }},
    Field{'h', [](const Who&) { return std::string{host_word}; }},
    Field{'s', [](const Who&) { return std::string{server_word}; }},
    Field{'n', [](const Who& w) { return nick_of(w.person.name); }},
    Field{'f', [](const Who& w) { return status_of(w.person, w.where, w.all_marks); }},
    Field{'d', [](const Who&) { return std::string{"0"}; }}, // servers between
    Field{'l', [](const Who& w) { return std::to_string(w.person.spoke); }},
    Field{'a', [](const Who& w) { return w.person.account.empty() ? "0" : w.person.account; }},
    Field{'o', [](const Who&) { return std::string{"n/a"}; }}, // no operator is above another
};

} // namespace

WhoQuery parse_who_query(std::string_view param) {
    WhoQuery query;
    const std::string_view flags = param.substr(0, param.find('%'));
    query.only_operators = flags.find('o') != flags.npos;
    if (flags.size() == param.size()) return query;
    query.is_extended = true;
    param.remove_prefix(flags.size() + 1);
    query.fields = param.substr(0, param.find(','));
    if (query.fields.size() == param.size()) return query;
    const std::string_view token = param.substr(query.fields.size() + 1);
    if (token.size() <= most_of_token && token.find_first_not_of("0123456789") == token.npos)
        query.token = token;
    return query;
}

std::string marks_of(std::string_view flags, bool all) {
    std::string marks;
    if (flags.find('o') != flags.npos) marks += '@';
    if ((marks.empty() || all) && flags.find('v') != flags.npos) marks += '+';
    return marks;
}

ServerLine who_line(const WhoQuery& query, std::string_view nick, const PersonRow& person,
                    const FoundIn& where, bool all_marks) {
    if (!query.is_extended) {
        ServerLine line{server_word, digits_of(Numeric::who_reply)};
        line.word(nick).word(where.channel).word(user_word).word(host_word).word(server_word);
        line.word(nick_of(person.name)).word(status_of(person, where, all_marks));
        return line.text(text("0 ", person.real_name));
    }
    ServerLine line{server_word, digits_of(Numeric::whox_reply)};
    line.word(nick);
    const Who who{query, person, where, all_marks};
    for (const Field& field : fields)
        if (query.fields.find(field.letter) != query.fields.npos) line.word(field.value(who));
    if (query.fields.find('r') != query.fields.npos) line.text(person.real_name);
    return line;
}

} // namespace chatd::irc
