// SPDX-License-Identifier: ISC
// Commands of IRC that say something, in a room or to somebody alone: PRIVMSG, NOTICE.
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <optional>
#include <string>
#include <utility>

using namespace common;

namespace chatd::irc {
namespace {

// What is said: CTCP's ACTION is what somebody does; what else CTCP asks, and answers by a NOTICE, no room
// can carry.
struct Speech {
    Kind kind = Kind::said;
    std::string words{}; // harmless; empty: nothing is said
    bool is_lost = false;
    bool is_for_one = true; // target
};
// otherwise: unless it is an action.
Speech speech_of(std::string_view text, Kind otherwise) {
    Speech speech{.kind = otherwise};
    const std::optional<Ctcp> ctcp = parse_ctcp(text);
    if (ctcp) {
        speech.is_lost = ctcp->command != "ACTION" || otherwise == Kind::noticed;
        if (speech.is_lost) return speech;
        speech.kind = Kind::acted;
    }
    speech.words = neutralise(without_formatting(ctcp ? ctcp->text : text));
    if (is_blank(speech.words)) speech.words.clear();
    return speech;
}

// The next line, if it says something more in the same way: lines that have come together go to the hub
// together, and a hundred cost what one costs.
std::optional<std::string> next_words(IrcConversation& c, const ClientLine& line, Kind kind) {
    std::optional<ClientLine> next = c.input.next();
    if (!next) return {};
    const bool is_same = next->fault == ClientLine::Fault::none && next->command == line.command &&
                         next->params.size() == 2 && next->param(0) == line.param(0) && next->tags.empty();
    if (is_same) {
        Speech speech = speech_of(next->param(1), kind);
        if (speech.kind == kind && !speech.is_lost && !speech.words.empty() &&
            speech.words.size() <= max_text)
            return std::move(speech.words);
    }
    c.input.put_back(*std::move(next));
    return {};
}

void say(IrcConversation& c, const std::string& channel, const Speech& speech) {
    const Place* const place = c.places.find(channel);
    if (place == nullptr) return c.replies.numeric(Numeric::cannot_send, {channel}, "Join the channel first");
    // Where there are several targets, the answer is all that has the label.
    const bool is_labelled =
        speech.is_for_one && c.capabilities.has(Capability::echo_message) && !c.replies.label().empty();
    const std::uint32_t serial = c.hub.unanswered_serial();
    const auto accepted = [&c, is_labelled](const std::string&) {
        if (is_labelled) c.replies.take_label(); // the echo has it
    };
    const auto refused = [&c, channel, serial](Refusal why) {
        c.echoes.take(serial);
        c.refuse(channel, why);
    };
    const bool is_as_said = speech.kind == Kind::noticed && c.hub.hubs_version() < first_with_notices;
    const auto kind = static_cast<std::uint8_t>(is_as_said ? Kind::said : speech.kind);
    c.ask(Message::say, SayFrame::make(speech.words, place->room, kind, std::uint8_t{0}), channel,
          {.accepted = accepted, .refused = refused});
    if (!is_labelled) return;
    const std::string lost = c.echoes.expect({serial, place->room, c.replies.label()});
    if (!lost.empty()) c.replies.acknowledge(lost);
}

void tell(IrcConversation& c, const std::string& name, Telling how, const std::string& words) {
    if (name.size() > max_name) return c.refuse(beginning_of(name, max_name), Refusal::nobody);
    const auto accepted = [&c, name, how, words](const std::string& away) {
        if (c.capabilities.has(Capability::echo_message))
            for (const ServerLine& echo : c.records.private_lines(how, c.replies.nick(), name, words))
                c.replies.answer(echo);
        const std::size_t tab = away.find('\t');
        if (tab != away.npos && how != Telling::noticed)
            c.replies.numeric(Numeric::away, {away.substr(0, tab)}, away.substr(tab + 1));
    };
    c.ask(Message::tell_as,
          TellAsFrame::make(text(name, words), static_cast<std::uint8_t>(how), std::uint64_t{0},
                            static_cast<std::uint8_t>(name.size())),
          name, {.accepted = accepted});
}

Telling telling_of(Kind kind) {
    return kind == Kind::acted ? Telling::acted : kind == Kind::noticed ? Telling::noticed : Telling::said;
}

// otherwise: unless it is an action. A NOTICE is refused as a PRIVMSG is: no program answers a numeric, and
// nobody is to believe that words were heard that were not.
void speak(IrcConversation& c, const ClientLine& line, Kind otherwise) {
    if (line.param(0).empty()) return c.replies.numeric(Numeric::no_recipient);
    Speech speech = speech_of(line.param(1), otherwise);
    if (speech.is_lost) return;
    if (speech.words.empty()) return c.replies.numeric(Numeric::no_text);
    const std::vector<std::string_view> targets = split(line.param(0), ',');
    speech.is_for_one = targets.size() == 1;
    if (targets.size() > most_targets) return c.replies.numeric(Numeric::too_many_targets, {targets.back()});
    const bool is_alone = speech.is_for_one && line.tags.empty() && line.params.size() == 2;
    if (is_alone && speech.kind == otherwise && c.places.find(line.param(0)) != nullptr)
        for (std::size_t count = 1; count < c.lines_at_once; ++count) {
            if (speech.words.size() + 1 + max_text > max_batch) break;
            const std::optional<std::string> more = next_words(c, line, otherwise);
            if (!more) break;
            speech.words.append("\n").append(*more);
        }
    for (const std::string_view target : targets)
        c.then([&c, target = std::string{target}, speech] {
            if (is_channel(target))
                say(c, target, speech);
            else
                tell(c, target, telling_of(speech.kind), speech.words);
        });
}

} // namespace

void do_privmsg(IrcConversation& c, const ClientLine& line) { speak(c, line, Kind::said); }
void do_notice(IrcConversation& c, const ClientLine& line) { speak(c, line, Kind::noticed); }

} // namespace chatd::irc
