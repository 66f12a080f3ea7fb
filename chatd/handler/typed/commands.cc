// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/commands.hh"

#include "chatd/handler/typed/typed_conversation.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

using Words = std::string_view;

constexpr std::uint64_t lines_of_history = 20;
constexpr std::uint64_t max_history = 100000;

// The first word, and what follows it, less the blanks between.
std::pair<Words, Words> split_first(Words words) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::size_t rest = std::min(words.find_first_not_of(' ', end), words.size());
    return {words.substr(0, end), words.substr(rest)};
}

Words trimmed(Words words) {
    while (!words.empty() && words.front() == ' ') words.remove_prefix(1);
    while (!words.empty() && words.back() == ' ') words.remove_suffix(1);
    return words;
}

template <std::size_t size>
std::optional<std::size_t> index_of(const std::array<Words, size>& choices, Words word) {
    const auto found = std::find(choices.begin(), choices.end(), word);
    if (found == choices.end()) return {};
    return static_cast<std::size_t>(found - choices.begin());
}
constexpr std::array<Words, 2> on_or_off{"on", "off"};

const SlashCommand* find_command(Words name) {
    const auto table = slash_commands();
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const SlashCommand& known) { return known.name == name; });
    return found == table.end() ? nullptr : &*found;
}

// What is done when the hub accepts: of a request.
auto afterwards(TypedConversation& c,
                void (*act)(TypedConversation& c, const HubRequest& request, const std::string& words)) {
    return [&c, act](const HubRequest& request, const std::string& words) { act(c, request, words); };
}

// Made harmless, if it is not longer than that; else the client is told so.
std::optional<std::string> harmless_text(TypedConversation& c, Words words, std::size_t max_size) {
    std::string harmless = neutralise(words);
    if (harmless.size() <= max_size) return harmless;
    if (max_size == max_text)
        c.output.refuse(Refusal::text_too_long);
    else
        c.output.say(Phrase::words_too_long, text(max_size));
    return {};
}

// --- Rooms.

bool join(TypedConversation& c, Words arguments) {
    const auto [room, code] = split_first(arguments);
    const bool names_both = !code.empty();
    if (room.size() > (names_both ? max_room_name : max_code) || code.size() > max_code)
        return c.output.refuse(Refusal::no_such_room), true;
    c.hub.ask(EnterFrame::make(text(room, code), static_cast<std::uint8_t>(names_both ? room.size() : 0)),
              {.what = Message::enter});
    return true;
}

void tell_left(TypedConversation& c, const HubRequest& request, const std::string&) {
    if (!c.rooms.follows(request.room)) return; // it was closed meanwhile, and the client knows
    c.output.say(Phrase::left_room, c.rooms.leave(request.room));
    if (const RoomView* const next = c.rooms.current()) c.output.say(Phrase::room_is_current, next->name());
}

bool leave(TypedConversation& c, Words) {
    const std::uint32_t room = c.rooms.current_number();
    c.hub.ask(LeaveFrame::make({}, room),
              {.what = Message::leave, .room = room, .accepted = afterwards(c, tell_left)});
    return true;
}

bool switch_room(TypedConversation& c, Words name) {
    const RoomView* const next = name.empty() ? &c.rooms.next_behind_current() : c.rooms.find(name);
    if (next == nullptr) return c.output.refuse(Refusal::no_such_room), true;
    c.rooms.make_current(*next);
    c.output.say(Phrase::room_is_current, next->name());
    return true;
}

bool list_rooms(TypedConversation& c, Words) {
    return c.registration.look_at_rooms(Registration::Why::rooms), true;
}

bool list_members(TypedConversation& c, Words name) {
    if (name.empty() && c.rooms.current() == nullptr) return c.output.say(Phrase::in_no_room), true;
    const std::string room{name.empty() ? Words{c.rooms.current()->name()} : name};
    if (room.size() > max_room_name) return c.output.refuse(Refusal::no_such_room), true;
    c.hub.ask(WhoFrame::make(room, std::uint32_t{0}), {.what = Message::who, .about = room});
    return true;
}

// What was done is shown as everybody sees it.
void show_done(TypedConversation& c, const HubRequest&, const std::string&) { c.rooms.catch_up(); }

void tell_topic(TypedConversation& c, const HubRequest&, const std::string& topic) {
    const std::string& room = c.rooms.current()->name();
    if (topic.empty())
        c.output.say(Phrase::no_topic, room);
    else
        c.output.say(Phrase::topic_is, room, topic);
}

bool set_or_ask_topic(TypedConversation& c, Words arguments) {
    const auto words = harmless_text(c, arguments, max_topic);
    if (words)
        c.hub.ask(
            TopicFrame::make(*words, c.rooms.current_number()),
            {.what = Message::topic, .accepted = afterwards(c, words->empty() ? tell_topic : show_done)});
    return true;
}

// --- Speaking.

bool act_out(TypedConversation& c, Words arguments) {
    if (const auto words = harmless_text(c, arguments, max_text))
        c.hub.ask(SayFrame::make(*words, c.rooms.current_number(), static_cast<std::uint8_t>(Kind::acted),
                                 std::uint8_t{0}),
                  {.what = Message::say});
    return true;
}

// words: of one who is away a name, a tab, and why.
void tell_away(TypedConversation& c, const HubRequest&, const std::string& words) {
    const std::size_t tab = words.find('\t');
    if (tab != words.npos) c.output.say(Phrase::is_away, words.substr(0, tab), words.substr(tab + 1));
}

bool tell(TypedConversation& c, Words arguments) {
    const auto [name, given] = split_first(arguments);
    if (given.empty()) return false;
    if (name.size() > max_name) return c.output.refuse(Refusal::nobody), true;
    if (const auto words = harmless_text(c, given, max_text))
        c.hub.ask(
            TellFrame::make(text(name, *words), std::uint64_t{0}, static_cast<std::uint8_t>(name.size())),
            {.what = Message::tell, .accepted = afterwards(c, tell_away)});
    return true;
}

bool reply(TypedConversation& c, Words arguments) {
    if (c.last_teller == 0) return c.output.say(Phrase::told_nobody), true;
    if (const auto words = harmless_text(c, arguments, max_text))
        c.hub.ask(TellFrame::make(*words, c.last_teller, std::uint8_t{0}),
                  {.what = Message::tell, .accepted = afterwards(c, tell_away)});
    return true;
}

bool begin_paste(TypedConversation& c, Words) {
    c.typing.begin_paste();
    c.output.say(Phrase::paste_begins);
    return true;
}

// --- Oneself.

void be_renamed(TypedConversation& c, const HubRequest&, const std::string& name) {
    c.output.display().set_own_name(name);
    c.option.tell_name();
}

bool take_name(TypedConversation& c, Words name) {
    if (name.size() > max_name) return c.output.refuse(Refusal::name_too_long), true;
    c.hub.ask(NickFrame::make(name), {.what = Message::nick, .accepted = afterwards(c, be_renamed)});
    return true;
}

void tell_gone(TypedConversation& c, const HubRequest&, const std::string&) { c.output.say(Phrase::away_on); }
void tell_back(TypedConversation& c, const HubRequest&, const std::string&) {
    c.output.say(Phrase::away_off);
}

bool be_away(TypedConversation& c, Words arguments) {
    const auto words = harmless_text(c, arguments, max_topic);
    if (!words) return true;
    const bool is_away = !words->empty();
    c.hub.ask(AwayFrame::make(*words, static_cast<std::uint8_t>(is_away ? 1 : 0)),
              {.what = Message::away, .accepted = afterwards(c, is_away ? tell_gone : tell_back)});
    return true;
}

bool be_bot(TypedConversation& c, Words) { return c.registration.be_bot(), true; }

bool resume(TypedConversation& c, Words arguments) {
    const auto [token, line] = split_first(arguments);
    const auto last = line.empty() ? 0 : parse_number<std::uint64_t>(line);
    if (!last) return false;
    const Words good = token.substr(0, max_token);
    c.hub.ask(ResumeFrame::make(good, *last, std::uint8_t{0}, static_cast<std::uint8_t>(good.size())),
              {.what = Message::resume});
    return true;
}

void say_goodbye(TypedConversation& c, const HubRequest&, const std::string&) {
    c.output.finish(c.output.display().line(Phrase::goodbye));
}

bool quit(TypedConversation& c, Words arguments) {
    if (!c.registration.is_inside()) return say_goodbye(c, {}, {}), true;
    if (const auto words = harmless_text(c, arguments, max_topic))
        c.hub.ask(QuitFrame::make(*words), {.what = Message::quit, .accepted = afterwards(c, say_goodbye)});
    return true;
}

// --- What was said before. What was said just now is among it, also one's own.

bool show_history(TypedConversation& c, Words arguments) {
    const auto count =
        arguments.empty() ? lines_of_history : parse_number<std::uint64_t>(arguments, 1, max_history);
    if (!count) return false;
    c.rooms.catch_up();
    const std::uint64_t next = c.rooms.current()->next_line();
    c.lookup.start({c.rooms.current_number(), next - std::min(*count, next - 1), next});
    return true;
}

bool show_since(TypedConversation& c, Words arguments) {
    c.rooms.catch_up();
    const auto line = parse_number<std::uint64_t>(arguments, 1);
    if (!line) return false;
    c.lookup.start({c.rooms.current_number(), *line, c.rooms.current()->next_line()});
    return true;
}

bool search(TypedConversation& c, Words arguments) {
    c.rooms.catch_up();
    c.lookup.start({c.rooms.current_number(), 1, c.rooms.current()->next_line(), search_words(arguments)});
    if (c.input.has_ended()) c.lookup.hold_client(); // a script's next lines are there already
    return true;
}

bool skip_to_live(TypedConversation& c, Words) {
    const std::uint32_t room = c.rooms.current_number();
    c.hub.ask(FindFrame::make({}, room, std::uint64_t{UINT64_MAX}), {.what = Message::find, .room = room});
    return true;
}

// --- What one is shown, and how.

void tell_ignored(TypedConversation& c, const HubRequest& request, const std::string& words) {
    const bool is_ignored = c.output.display().taste().take(words, request.about);
    c.output.say(is_ignored ? Phrase::ignored : Phrase::not_ignored, request.about);
}

bool ignore(TypedConversation& c, Words arguments) {
    const std::string name = neutralise(split_first(arguments).first);
    if (name.empty())
        c.output.say(Phrase::ignore_list, c.output.display().taste().ignored_names());
    else if (name.size() > max_name)
        c.output.refuse(Refusal::nobody);
    else
        c.hub.ask(IgnoreFrame::make(name),
                  {.what = Message::ignore, .about = name, .accepted = afterwards(c, tell_ignored)});
    return true;
}

bool be_quiet(TypedConversation& c, Words) {
    bool& is_quiet = c.output.display().taste().is_quiet;
    is_quiet = !is_quiet;
    c.output.say(is_quiet ? Phrase::quiet_on : Phrase::quiet_off);
    return true;
}

bool show_times(TypedConversation& c, Words arguments) {
    if (arguments == "off") {
        c.output.display().taste().zone.reset();
        return c.output.say(Phrase::time_off), true;
    }
    const Words zone = arguments == "on" ? "+0" : arguments;
    const std::optional<int> minutes = parse_zone(zone);
    if (!minutes) return false;
    c.output.display().taste().zone = minutes;
    c.output.say(Phrase::time_on, zone);
    return true;
}

bool ring_bell(TypedConversation& c, Words arguments) {
    constexpr std::array<Words, 3> choices{"off", "mention", "all"}; // as Taste::Bell has them
    const auto choice = index_of(choices, arguments);
    if (!choice) return false;
    c.output.display().taste().bell = static_cast<Taste::Bell>(*choice);
    c.output.say(Phrase::bell_is, arguments);
    return true;
}

bool show_colours(TypedConversation& c, Words arguments) {
    const auto choice = index_of(on_or_off, arguments);
    if (!choice) return false;
    c.output.display().taste().colours = *choice == 0;
    c.output.say(*choice == 0 ? Phrase::colours_on : Phrase::colours_off);
    return true;
}

bool speak_language(TypedConversation& c, Words arguments) {
    const std::optional<Language> language = find_language(arguments);
    if (language && c.output.display().set_language(*language))
        c.output.say(Phrase::language_is);
    else
        c.output.say(Phrase::no_language, escape(arguments, 32), c.output.display().known_languages());
    return true;
}

bool help(TypedConversation& c, Words arguments) {
    if (c.registration.state() == Registration::State::asking_code && arguments.empty())
        return c.registration.look_at_rooms(Registration::Why::help), true;
    constexpr std::size_t width = 32;
    const Display& display = c.output.display();
    const Words wanted = arguments.substr(arguments.rfind('/', 0) == 0 ? 1 : 0);
    std::string lines;
    for (const SlashCommand& command : slash_commands()) {
        if (!wanted.empty() && command.name != wanted) continue;
        std::string left = text("  /", command.name, command.arguments.empty() ? "" : " ", command.arguments);
        left.resize(std::max(left.size() + 2, width), ' ');
        lines += display.plain_line(left + display.words(command.help));
    }
    if (lines.empty())
        c.output.say(Phrase::no_such_command, escape(wanted, 32));
    else if (!wanted.empty())
        c.output.show(lines);
    else
        c.output.show(display.line(Phrase::help_lead) + lines + display.line(Phrase::help_end));
    return true;
}

// --- Moderation.

void ask_act(TypedConversation& c, Kind act, Words arguments) {
    c.hub.ask(ActFrame::make(arguments.substr(0, max_topic), c.rooms.current_number(),
                             static_cast<std::uint8_t>(act)),
              {.what = Message::act, .accepted = afterwards(c, show_done)});
}

bool moderate(TypedConversation& c, Words arguments) {
    const auto choice = index_of(on_or_off, arguments);
    if (!choice) return false;
    ask_act(c, *choice == 0 ? Kind::moderated : Kind::unmoderated, {});
    return true;
}

bool list_bans(TypedConversation& c, Words) {
    c.hub.ask(BansFrame::make({}, std::uint32_t{0}), {.what = Message::bans});
    return true;
}

void tell_operator(TypedConversation& c, const HubRequest&, const std::string&) {
    c.output.say(Phrase::operator_now);
}

bool become_operator(TypedConversation& c, Words arguments) {
    const auto [name, password] = split_first(arguments);
    if (password.empty()) return false;
    if (name.size() > max_name || password.size() > max_code)
        return c.output.refuse(Refusal::wrong_password), true;
    c.hub.ask(OperFrame::make(text(name, password), static_cast<std::uint8_t>(name.size())),
              {.what = Message::oper, .accepted = afterwards(c, tell_operator)});
    return true;
}

// Why a command cannot be used where the client is; no value when it can.
std::optional<std::string> objection_to(const SlashCommand& command, TypedConversation& c) {
    using Where = SlashCommand::Where;
    using State = Registration::State;
    const Display& display = c.output.display();
    const State state = c.registration.state();
    const bool needs_name = command.where == Where::inside || command.where == Where::in_room;
    if (state == State::asking_name && (needs_name || command.where == Where::at_code))
        return display.line(Phrase::not_at_prompt);
    if (needs_name && state != State::inside) return display.line(Phrase::not_at_code);
    if (command.where == Where::at_name && state != State::asking_name)
        return display.line(Phrase::only_at_prompt, command.name);
    if (command.where == Where::in_room && c.rooms.current() == nullptr)
        return display.line(Phrase::in_no_room);
    return {};
}

void run_command(TypedConversation& c, const SlashCommand& command, Words arguments) {
    if (const auto objection = objection_to(command, c)) return c.output.show(*objection);
    const bool needs_arguments = !command.arguments.empty() && command.arguments[0] != '[';
    const bool is_wrong =
        command.arguments.empty() ? !arguments.empty() : needs_arguments && arguments.empty();
    if (!is_wrong && command.run == nullptr) return ask_act(c, command.act, arguments);
    if (is_wrong || !command.run(c, arguments)) c.output.say(Phrase::usage, command.name, command.arguments);
}

void refuse_unknown(TypedConversation& c, Words word) {
    std::vector<Words> names;
    for (const SlashCommand& known : slash_commands()) names.push_back(known.name);
    const Words nearest = nearest_word(word, names);
    const std::string name = escape(word, 32);
    if (nearest.empty())
        c.output.say(Phrase::no_such_command, name);
    else
        c.output.say(Phrase::did_you_mean, name, nearest);
}

} // namespace

std::span<const SlashCommand> slash_commands() {
    using enum SlashCommand::Where;
    constexpr Kind none{};
    static constexpr SlashCommand table[]{
        {"join", "[ROOM] [CODE]", inside, join, none, Phrase::help_join},
        {"leave", "", in_room, leave, none, Phrase::help_leave},
        {"switch", "[ROOM]", in_room, switch_room, none, Phrase::help_switch},
        {"rooms", "", at_code, list_rooms, none, Phrase::help_rooms},
        {"who", "[ROOM]", inside, list_members, none, Phrase::help_who},
        {"me", "TEXT", in_room, act_out, none, Phrase::help_me},
        {"msg", "NAME TEXT", inside, tell, none, Phrase::help_msg},
        {"reply", "TEXT", inside, reply, none, Phrase::help_reply},
        {"paste", "", in_room, begin_paste, none, Phrase::help_paste},
        {"topic", "[TEXT]", in_room, set_or_ask_topic, none, Phrase::help_topic},
        {"nick", "NAME", inside, take_name, none, Phrase::help_nick},
        {"away", "[TEXT]", inside, be_away, none, Phrase::help_away},
        {"history", "[N]", in_room, show_history, none, Phrase::help_history},
        {"since", "NUMBER", in_room, show_since, none, Phrase::help_since},
        {"search", "WORDS", in_room, search, none, Phrase::help_search},
        {"live", "", in_room, skip_to_live, none, Phrase::help_live},
        {"ignore", "[NAME]", inside, ignore, none, Phrase::help_ignore},
        {"quiet", "", anywhere, be_quiet, none, Phrase::help_quiet},
        {"time", "off|on|ZONE", anywhere, show_times, none, Phrase::help_time},
        {"bell", "off|mention|all", anywhere, ring_bell, none, Phrase::help_bell},
        {"colour", "on|off", anywhere, show_colours, none, Phrase::help_colour},
        {"lang", "LANGUAGE", anywhere, speak_language, none, Phrase::help_lang},
        {"kick", "NAME", in_room, nullptr, Kind::kicked, Phrase::help_kick},
        {"mute", "NAME [DURATION] [address]", in_room, nullptr, Kind::muted, Phrase::help_mute},
        {"unmute", "NAME", in_room, nullptr, Kind::unmuted, Phrase::help_unmute},
        {"ban", "NAME|NETWORK [DURATION] [address]", in_room, nullptr, Kind::banned, Phrase::help_ban},
        {"unban", "NAME|NETWORK", in_room, nullptr, Kind::unbanned, Phrase::help_unban},
        {"bans", "", inside, list_bans, none, Phrase::help_bans},
        {"moderate", "on|off", in_room, moderate, none, Phrase::help_moderate},
        {"voice", "NAME", in_room, nullptr, Kind::voiced, Phrase::help_voice},
        {"unvoice", "NAME", in_room, nullptr, Kind::unvoiced, Phrase::help_unvoice},
        {"oper", "NAME PASSWORD", inside, become_operator, none, Phrase::help_oper},
        {"bot", "", at_name, be_bot, none, Phrase::help_bot},
        {"resume", "TOKEN [LAST-LINE]", at_name, resume, none, Phrase::help_resume},
        {"help", "[COMMAND]", anywhere, help, none, Phrase::help_help},
        {"quit", "[TEXT]", anywhere, quit, none, Phrase::help_quit},
    };
    return table;
}

bool is_known_command(Words line) {
    return !line.empty() && line[0] == '/' && find_command(split_first(line.substr(1)).first) != nullptr;
}

void obey_command(TypedConversation& c, Words line) {
    const auto [word, rest] = split_first(line.substr(1));
    const SlashCommand* const command = find_command(word);
    // Whoever leaves a room has no right to read it any more, and who quits reads nothing.
    const bool ends_search = command != nullptr && (command->run == leave || command->run == quit);
    if (ends_search && c.lookup.is_running()) {
        c.lookup.hold_client();
        return c.input.put_back(Line{std::string{line}});
    }
    if (command != nullptr)
        run_command(c, *command, trimmed(rest));
    else if (c.option.is_plain() && c.rooms.current() != nullptr)
        return c.typing.say_slashed(line);
    else
        refuse_unknown(c, word);
    if (!c.registration.is_inside() && !c.hub.is_waiting() && !c.output.is_ending())
        c.registration.ask_again();
}

} // namespace chatd
