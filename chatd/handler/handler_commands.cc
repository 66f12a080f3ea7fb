// SPDX-License-Identifier: ISC
// What a client can do beside speaking: the table of commands, and what each does. Those about one client's
// own view are done here; the others are a frame to the hub, which alone decides. Run by handlers.
#include "chatd/handler/handler.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

using namespace common;

namespace chatd {
namespace {

constexpr std::uint64_t lines_of_history = 20;
constexpr std::uint64_t most_history = 100000;

// The first word, and what stands behind it, less the blanks between.
std::pair<std::string_view, std::string_view> split_first(std::string_view words) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::size_t rest = std::min(words.find_first_not_of(' ', end), words.size());
    return {words.substr(0, end), words.substr(rest)};
}

std::string_view trimmed(std::string_view words) {
    while (!words.empty() && words.front() == ' ') words.remove_prefix(1);
    while (!words.empty() && words.back() == ' ') words.remove_suffix(1);
    return words;
}

template <std::size_t size>
std::optional<std::size_t> index_of(const std::array<std::string_view, size>& choices,
                                    std::string_view word) {
    const auto found = std::find(choices.begin(), choices.end(), word);
    if (found == choices.end()) return {};
    return static_cast<std::size_t>(found - choices.begin());
}

} // namespace

std::span<const Handler::Command> Handler::commands() {
    using Where = Command::Where;
    constexpr Kind none{};
    static constexpr std::array table{
        Command{"join", "[ROOM] [CODE]", Where::inside, &Handler::join, none, Phrase::help_join},
        Command{"leave", "", Where::in_room, &Handler::leave, none, Phrase::help_leave},
        Command{"switch", "[ROOM]", Where::in_room, &Handler::switch_room, none, Phrase::help_switch},
        Command{"rooms", "", Where::at_code, &Handler::list_rooms, none, Phrase::help_rooms},
        Command{"who", "[ROOM]", Where::inside, &Handler::who, none, Phrase::help_who},
        Command{"me", "TEXT", Where::in_room, &Handler::act_out, none, Phrase::help_me},
        Command{"msg", "NAME TEXT", Where::inside, &Handler::tell, none, Phrase::help_msg},
        Command{"reply", "TEXT", Where::inside, &Handler::reply, none, Phrase::help_reply},
        Command{"paste", "", Where::in_room, &Handler::begin_paste, none, Phrase::help_paste},
        Command{"topic", "[TEXT]", Where::in_room, &Handler::topic, none, Phrase::help_topic},
        Command{"nick", "NAME", Where::inside, &Handler::nick, none, Phrase::help_nick},
        Command{"away", "[TEXT]", Where::inside, &Handler::away, none, Phrase::help_away},
        Command{"history", "[N]", Where::in_room, &Handler::history, none, Phrase::help_history},
        Command{"since", "NUMBER", Where::in_room, &Handler::since, none, Phrase::help_since},
        Command{"search", "WORDS", Where::in_room, &Handler::search, none, Phrase::help_search},
        Command{"live", "", Where::in_room, &Handler::skip_to_live, none, Phrase::help_live},
        Command{"ignore", "[NAME]", Where::inside, &Handler::ignore, none, Phrase::help_ignore},
        Command{"quiet", "", Where::anywhere, &Handler::quiet, none, Phrase::help_quiet},
        Command{"time", "off|on|ZONE", Where::anywhere, &Handler::time, none, Phrase::help_time},
        Command{"bell", "off|mention|all", Where::anywhere, &Handler::bell, none, Phrase::help_bell},
        Command{"colour", "on|off", Where::anywhere, &Handler::colour, none, Phrase::help_colour},
        Command{"lang", "LANGUAGE", Where::anywhere, &Handler::lang, none, Phrase::help_lang},
        Command{"kick", "NAME", Where::in_room, nullptr, Kind::kicked, Phrase::help_kick},
        Command{"mute", "NAME [DURATION]", Where::in_room, nullptr, Kind::muted, Phrase::help_mute},
        Command{"unmute", "NAME", Where::in_room, nullptr, Kind::unmuted, Phrase::help_unmute},
        Command{"ban", "NAME|ADDRESS [DURATION]", Where::in_room, nullptr, Kind::banned, Phrase::help_ban},
        Command{"unban", "NAME|ADDRESS", Where::in_room, nullptr, Kind::unbanned, Phrase::help_unban},
        Command{"bans", "", Where::inside, &Handler::list_bans, none, Phrase::help_bans},
        Command{"moderate", "on|off", Where::in_room, &Handler::moderate, none, Phrase::help_moderate},
        Command{"voice", "NAME", Where::in_room, nullptr, Kind::voiced, Phrase::help_voice},
        Command{"unvoice", "NAME", Where::in_room, nullptr, Kind::unvoiced, Phrase::help_unvoice},
        Command{"oper", "NAME PASSWORD", Where::inside, &Handler::become_operator, none, Phrase::help_oper},
        Command{"bot", "", Where::at_name, &Handler::be_bot, none, Phrase::help_bot},
        Command{"resume", "TOKEN [LAST-LINE]", Where::at_name, &Handler::resume, none, Phrase::help_resume},
        Command{"help", "[COMMAND]", Where::anywhere, &Handler::help, none, Phrase::help_help},
        Command{"quit", "[TEXT]", Where::anywhere, &Handler::quit, none, Phrase::help_quit},
    };
    return table;
}

// Behind the `/'.
void Handler::obey_command(std::string_view line) {
    const auto [word, rest] = split_first(line.substr(1));
    const std::string name = escape(word, 32);
    const auto table = commands();
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&, &given = word](const Command& known) { return known.name == given; });
    if (found == table.end() && is_plain() && current_ != 0) return say_slashed(line);
    if (found == table.end()) {
        std::vector<std::string_view> names;
        for (const Command& known : table) names.push_back(known.name);
        const std::string_view nearest = nearest_word(word, names);
        show(nearest.empty() ? display_.line(Phrase::no_such_command, name)
                             : display_.line(Phrase::did_you_mean, name, nearest));
    } else
        run_command(*found, trimmed(rest));
    if (state_ != State::inside && !waiting_for_answer_ && !ending_) ask_again();
}

// At the question for a code. A word that is no command may be a code.
bool Handler::is_known_command(std::string_view line) {
    if (line.empty() || line[0] != '/') return false;
    const std::string_view word = split_first(line.substr(1)).first;
    const auto table = commands();
    return std::any_of(table.begin(), table.end(), [&](const Command& known) { return known.name == word; });
}

void Handler::run_command(const Command& command, std::string_view arguments) {
    using Where = Command::Where;
    const bool needs_name = command.where == Where::inside || command.where == Where::in_room;
    if (state_ == State::asking_name && (needs_name || command.where == Where::at_code))
        return show(display_.line(Phrase::not_at_prompt));
    if (needs_name && state_ != State::inside) return show(display_.line(Phrase::not_at_code));
    if (command.where == Where::at_name && state_ != State::asking_name)
        return show(display_.line(Phrase::only_at_prompt, command.name));
    if (command.where == Where::in_room && current_ == 0) return show(display_.line(Phrase::in_no_room));
    const bool needs_arguments = !command.arguments.empty() && command.arguments[0] != '[';
    const bool is_wrong =
        command.arguments.empty() ? !arguments.empty() : needs_arguments && arguments.empty();
    if (is_wrong) return show_usage(command.name);
    if (command.run != nullptr) return (this->*command.run)(arguments);
    ask_hub(ActFrame::make(arguments.substr(0, max_topic), current_, static_cast<std::uint8_t>(command.act)),
            Message::act);
}

void Handler::show_usage(std::string_view name) {
    const auto table = commands();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const Command& known) { return known.name == name; });
    show(display_.line(Phrase::usage, name, found->arguments));
}

void Handler::join(std::string_view arguments) {
    const auto [room, code] = split_first(arguments);
    const bool names_both = !code.empty();
    if (room.size() > (names_both ? max_room_name : max_code) || code.size() > max_code)
        return show(display_.refused(Refusal::no_such_room, 0));
    ask_hub(EnterFrame::make(text(room, code), static_cast<std::uint8_t>(names_both ? room.size() : 0)),
            Message::enter);
}

void Handler::leave(std::string_view) { ask_hub(LeaveFrame::make({}, current_), Message::leave); }

void Handler::switch_room(std::string_view arguments) {
    const RoomView* next = find_view(arguments);
    if (arguments.empty()) {
        auto here = std::find_if(views_.begin(), views_.end(),
                                 [&](const auto& view) { return view->number() == current_; });
        next = (++here == views_.end() ? views_.front() : *here).get();
    }
    if (next == nullptr) return show(display_.refused(Refusal::no_such_room, 0));
    current_ = next->number();
    show(display_.line(Phrase::room_is_current, next->name()));
}

void Handler::list_rooms(std::string_view) { look_at_door(Door::rooms); }

// Asks for the rooms that the client may be told of.
void Handler::look_at_door(Door why) {
    door_ = why;
    open_rooms_ = {};
    ask_hub(RoomsFrame::make({}, std::uint32_t{0}), Message::rooms);
}

void Handler::who(std::string_view arguments) {
    if (arguments.empty() && current_ == 0) return show(display_.line(Phrase::in_no_room));
    const std::string room{arguments.empty() ? std::string_view{current().name()} : arguments};
    if (room.size() > max_room_name) return show(display_.refused(Refusal::no_such_room, 0));
    ask_hub(WhoFrame::make(room, std::uint32_t{0}), Message::who, room);
}

void Handler::act_out(std::string_view arguments) {
    const std::string words = neutralise(arguments);
    if (words.size() > max_text) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(SayFrame::make(words, current_, static_cast<std::uint8_t>(Kind::acted), std::uint8_t{0}),
            Message::say);
}

void Handler::tell(std::string_view arguments) {
    const auto [name, words] = split_first(arguments);
    if (words.empty()) return show_usage("msg");
    const std::string harmless = neutralise(words);
    if (name.size() > max_name) return show(display_.refused(Refusal::nobody, 0));
    if (harmless.size() > max_text) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(TellFrame::make(text(name, harmless), std::uint64_t{0}, static_cast<std::uint8_t>(name.size())),
            Message::tell);
}

void Handler::reply(std::string_view arguments) {
    if (last_teller_ == 0) return show(display_.line(Phrase::told_nobody));
    const std::string harmless = neutralise(arguments);
    if (harmless.size() > max_text) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(TellFrame::make(harmless, last_teller_, std::uint8_t{0}), Message::tell);
}

void Handler::begin_paste(std::string_view) {
    paste_.emplace();
    show(display_.line(Phrase::paste_begins));
}

void Handler::topic(std::string_view arguments) {
    const std::string words = neutralise(arguments);
    if (words.size() > max_topic) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(TopicFrame::make(words, current_), Message::topic, words.empty() ? "?" : "");
}

void Handler::nick(std::string_view arguments) {
    if (arguments.size() > max_name) return show(display_.refused(Refusal::name_too_long, 0));
    ask_hub(NickFrame::make(arguments), Message::nick);
}

void Handler::away(std::string_view arguments) {
    const std::string words = neutralise(arguments);
    if (words.size() > max_topic) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(AwayFrame::make(words, static_cast<std::uint8_t>(words.empty() ? 0 : 1)), Message::away, words);
}

void Handler::history(std::string_view arguments) {
    const auto count =
        arguments.empty() ? lines_of_history : parse_number<std::uint64_t>(arguments, 1, most_history);
    if (!count) return show_usage("history");
    catch_up();
    const std::uint64_t next = current().next_line();
    start_query(next - std::min(*count, next - 1), {});
}

// So that what was said just now is among the lines, also one's own.
void Handler::catch_up() {
    current().look_again();
    follow(current());
}

void Handler::since(std::string_view arguments) {
    catch_up();
    const auto line = parse_number<std::uint64_t>(arguments, 1);
    if (!line) return show_usage("since");
    start_query(*line, {});
}

void Handler::search(std::string_view arguments) {
    catch_up();
    start_query(1, search_words(arguments));
}

// Of the lines that were shown, or could have been.
void Handler::start_query(std::uint64_t from, std::vector<std::string> words) {
    const bool is_search = !words.empty();
    query_.emplace(Query{LogQuery{{from, current().next_line(), std::move(words)}}, current_, is_search});
    ask_hub(FindFrame::make({}, current_, from), Message::find);
}

void Handler::skip_to_live(std::string_view) {
    asked_room_ = current_;
    ask_hub(FindFrame::make({}, current_, std::uint64_t{UINT64_MAX}), Message::find);
}

void Handler::ignore(std::string_view arguments) {
    const std::string name = neutralise(split_first(arguments).first);
    if (name.empty()) return show(display_.line(Phrase::ignore_list, display_.ignored_names()));
    show(display_.line(display_.toggle_ignored(name) ? Phrase::ignored : Phrase::not_ignored, name));
}

void Handler::quiet(std::string_view) {
    display_.set_quiet(!display_.is_quiet());
    show(display_.line(display_.is_quiet() ? Phrase::quiet_on : Phrase::quiet_off));
}

void Handler::time(std::string_view arguments) {
    if (arguments == "off") {
        display_.set_zone({});
        return show(display_.line(Phrase::time_off));
    }
    const std::string_view zone = arguments == "on" ? "+0" : arguments;
    const std::optional<int> minutes = parse_zone(zone);
    if (!minutes) return show_usage("time");
    display_.set_zone(minutes);
    show(display_.line(Phrase::time_on, zone));
}

void Handler::bell(std::string_view arguments) {
    constexpr std::array<std::string_view, 3> choices{"off", "mention", "all"};
    const auto choice = index_of(choices, arguments);
    if (!choice) return show_usage("bell");
    display_.set_bell(static_cast<Display::Bell>(*choice));
    show(display_.line(Phrase::bell_is, arguments));
}

void Handler::colour(std::string_view arguments) {
    constexpr std::array<std::string_view, 2> choices{"on", "off"};
    const auto choice = index_of(choices, arguments);
    if (!choice) return show_usage("colour");
    display_.set_colours(*choice == 0);
    show(display_.line(*choice == 0 ? Phrase::colours_on : Phrase::colours_off));
}

void Handler::lang(std::string_view arguments) {
    const std::optional<Language> language = find_language(arguments);
    std::string known;
    for (const std::string_view name : language_names)
        if (display_.knows(*find_language(name))) known += text(known.empty() ? "" : ", ", name);
    if (!language || !display_.set_language(*language))
        return show(display_.line(Phrase::no_language, escape(arguments, 32), known));
    show(display_.line(Phrase::language_is));
}

void Handler::list_bans(std::string_view) { ask_hub(BansFrame::make({}, std::uint32_t{0}), Message::bans); }

void Handler::become_operator(std::string_view arguments) {
    const auto [name, password] = split_first(arguments);
    if (password.empty()) return show_usage("oper");
    if (name.size() > max_name || password.size() > max_code)
        return show(display_.refused(Refusal::wrong_password, 0));
    ask_hub(OperFrame::make(text(name, password), static_cast<std::uint8_t>(name.size())), Message::oper);
}

void Handler::moderate(std::string_view arguments) {
    constexpr std::array<std::string_view, 2> choices{"on", "off"};
    const auto choice = index_of(choices, arguments);
    if (!choice) return show_usage("moderate");
    const Kind act = *choice == 0 ? Kind::moderated : Kind::unmoderated;
    ask_hub(ActFrame::make({}, current_, static_cast<std::uint8_t>(act)), Message::act);
}

void Handler::help(std::string_view arguments) {
    if (state_ == State::asking_code && arguments.empty()) return look_at_door(Door::help);
    constexpr std::size_t width = 32;
    const std::string_view wanted = arguments.substr(arguments.rfind('/', 0) == 0 ? 1 : 0);
    std::string lines;
    for (const Command& command : commands()) {
        if (!wanted.empty() && command.name != wanted) continue;
        std::string left = text("  /", command.name, command.arguments.empty() ? "" : " ", command.arguments);
        left.resize(std::max(left.size() + 2, width), ' ');
        lines += display_.plain_line(left + display_.words(command.help));
    }
    if (lines.empty()) return show(display_.line(Phrase::no_such_command, escape(wanted, 32)));
    if (!wanted.empty()) return show(lines);
    show(display_.line(Phrase::help_lead) + lines + display_.line(Phrase::help_end));
}

void Handler::quit(std::string_view arguments) {
    if (state_ != State::inside) return finish(display_.line(Phrase::goodbye));
    std::string words = neutralise(arguments);
    if (words.size() > max_topic) return show(display_.refused(Refusal::text_too_long, 0));
    ask_hub(QuitFrame::make(words), Message::quit);
}

void Handler::be_bot(std::string_view) { is_bot_ = true; }

void Handler::resume(std::string_view arguments) {
    const auto [token, line] = split_first(arguments);
    const auto last = line.empty() ? 0 : parse_number<std::uint64_t>(line);
    if (!last) return show_usage("resume");
    const std::string_view good = token.substr(0, max_token);
    ask_hub(ResumeFrame::make(good, *last, std::uint8_t{0}, static_cast<std::uint8_t>(good.size())),
            Message::resume);
}

} // namespace chatd
