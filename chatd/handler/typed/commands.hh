// SPDX-License-Identifier: ISC
// What a client can do beside speaking: each command in one row of a table, with its arguments, where it is
// allowed, what does it and its line of help. Those about one client's own view are done here; the others are
// a frame to the hub, which alone decides. Run by handlers.
#pragma once

#include "chatd/phrases.hh"
#include "chatd/protocol.hh"

#include <span>
#include <string_view>

namespace chatd {

class TypedConversation;

// What a client can type with a `/' before it.
struct SlashCommand {
    enum class Where { at_name, anywhere, at_code, inside, in_room };
    std::string_view name;
    std::string_view arguments; // as help shows them: in brackets what may be left out
    Where where;                // at the question for a name; at_code: from the one for a code on; inside
    // False: the arguments are wrong, and its usage is shown.
    bool (*run)(TypedConversation& conversation, std::string_view arguments);
    Kind act; // what the hub is to do and to write into the log, when there is no function
    Phrase help;
};
// In the order of help.
std::span<const SlashCommand> slash_commands();

bool is_known_command(std::string_view line);
// line: with the `/'. A client at a question is asked it once more afterwards.
void obey_command(TypedConversation& conversation, std::string_view line);

} // namespace chatd
