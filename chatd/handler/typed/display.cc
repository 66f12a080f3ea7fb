// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/display.hh"

#include "chatd/terminal/graphemes.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

using common::parse_number;
using common::text;

namespace chatd {
namespace {

template <class Value>
struct Wording {
    Value value;
    Phrase phrase;
};

constexpr std::array refusal_wordings{
    Wording<Refusal>{Refusal::name_taken, Phrase::name_taken},
    Wording<Refusal>{Refusal::name_empty, Phrase::name_empty},
    Wording<Refusal>{Refusal::name_too_long, Phrase::name_too_long},
    Wording<Refusal>{Refusal::name_unprintable, Phrase::name_unprintable},
    Wording<Refusal>{Refusal::name_reserved, Phrase::name_reserved},
    Wording<Refusal>{Refusal::name_banned, Phrase::name_banned},
    Wording<Refusal>{Refusal::name_mixed, Phrase::name_mixed},
    Wording<Refusal>{Refusal::name_alike, Phrase::name_alike},
    Wording<Refusal>{Refusal::wrong_code, Phrase::wrong_code},
    Wording<Refusal>{Refusal::room_full, Phrase::room_full},
    Wording<Refusal>{Refusal::room_banned, Phrase::room_banned},
    Wording<Refusal>{Refusal::already_inside, Phrase::already_inside},
    Wording<Refusal>{Refusal::too_many_rooms, Phrase::too_many_rooms},
    Wording<Refusal>{Refusal::no_such_room, Phrase::no_such_room},
    Wording<Refusal>{Refusal::no_more_rooms, Phrase::no_more_rooms},
    Wording<Refusal>{Refusal::text_too_long, Phrase::text_too_long},
    Wording<Refusal>{Refusal::disk_full, Phrase::disk_full},
    Wording<Refusal>{Refusal::moderated, Phrase::room_moderated},
    Wording<Refusal>{Refusal::muted, Phrase::you_are_muted},
    Wording<Refusal>{Refusal::partly_sent, Phrase::partly_sent},
    Wording<Refusal>{Refusal::not_recorded, Phrase::not_recorded},
    Wording<Refusal>{Refusal::not_done, Phrase::not_done},
    Wording<Refusal>{Refusal::too_many_ignored, Phrase::too_many_ignored},
    Wording<Refusal>{Refusal::bad_network, Phrase::bad_network},
    Wording<Refusal>{Refusal::no_address, Phrase::no_address},
    Wording<Refusal>{Refusal::hits_oneself, Phrase::hits_oneself},
    Wording<Refusal>{Refusal::too_many_bans, Phrase::too_many_bans},
    Wording<Refusal>{Refusal::too_many_marks, Phrase::too_many_marks},
    Wording<Refusal>{Refusal::not_now, Phrase::not_now},
    Wording<Refusal>{Refusal::nobody, Phrase::nobody},
    Wording<Refusal>{Refusal::behind, Phrase::behind},
    Wording<Refusal>{Refusal::not_operator, Phrase::not_operator},
    Wording<Refusal>{Refusal::bad_duration, Phrase::bad_duration},
    Wording<Refusal>{Refusal::not_banned, Phrase::not_banned},
    Wording<Refusal>{Refusal::wrong_token, Phrase::wrong_token},
    Wording<Refusal>{Refusal::wrong_password, Phrase::wrong_password},
    Wording<Refusal>{Refusal::held_off, Phrase::held_off},
    Wording<Refusal>{Refusal::has_password, Phrase::has_password},
};

constexpr std::array farewell_wordings{
    Wording<Farewell>{Farewell::stopping, Phrase::stopping},
    Wording<Farewell>{Farewell::stopping_with_words, Phrase::stopping_with_words},
    Wording<Farewell>{Farewell::kicked, Phrase::you_are_kicked},
    Wording<Farewell>{Farewell::banned, Phrase::you_are_banned},
    Wording<Farewell>{Farewell::log_unreadable, Phrase::log_unreadable},
    Wording<Farewell>{Farewell::resumed_elsewhere, Phrase::resumed_elsewhere},
    Wording<Farewell>{Farewell::too_many_tries, Phrase::too_many_tries},
    Wording<Farewell>{Farewell::login_timeout, Phrase::login_timeout},
    Wording<Farewell>{Farewell::not_listening, Phrase::not_listening},
    Wording<Farewell>{Farewell::rooms_closed, Phrase::rooms_closed},
};

template <class Table, class Value>
std::optional<Phrase> phrase_for(const Table& table, Value value) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.value == value; });
    if (found == table.end()) return {};
    return found->phrase;
}

bool is_move_of(Kind kind) { return kind == Kind::joined || kind == Kind::left || kind == Kind::renamed; }

std::vector<std::string_view> split_fields(std::string_view row) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t end = row.find('\t');
        fields.push_back(row.substr(0, end));
        if (end == row.npos) break;
        row.remove_prefix(end + 1);
    }
    fields.resize(std::max<std::size_t>(fields.size(), 5));
    return fields;
}

// "ada (away: lunch, operator)"
class Remarks {
public:
    void add(std::string_view words) { text_ += text(text_.empty() ? " (" : ", ", words); }
    std::string behind(std::string_view words) const { return text(words, text_, text_.empty() ? "" : ")"); }

private:
    std::string text_;
};

// Not black, white and blue: one of them cannot be read on most screens.
constexpr std::array<std::string_view, 5> colours{"31", "32", "33", "35", "36"};

bool is_letter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }

// How many bytes of text are the name, in whatever case; 0: it does not begin with it.
std::size_t length_of_name(std::string_view text, std::string_view folded_name) {
    std::size_t length = 0;
    while (!folded_name.empty() && length < text.size()) {
        const std::size_t next = grapheme_behind(text, length) - length;
        const std::string folded = fold_name(text.substr(length, next));
        if (folded.empty() || folded_name.rfind(folded, 0) != 0) return 0;
        folded_name.remove_prefix(folded.size());
        length += next;
    }
    return folded_name.empty() ? length : 0;
}

} // namespace

std::string paint_name(std::string_view name) {
    std::uint32_t sum = 2166136261; // FNV-1a
    for (const char byte : fold_name(name)) sum = (sum ^ static_cast<unsigned char>(byte)) * 16777619;
    return common::text("\x1b[", colours[sum % colours.size()], 'm', name, "\x1b[39m");
}

std::string paint_mentions(std::string_view line, std::string_view name) {
    const std::string folded = fold_name(name);
    std::string out;
    char last = ' ';
    while (!line.empty()) {
        const bool is_inside_word = is_letter(last) && is_letter(line[0]);
        std::size_t length = is_inside_word ? 0 : length_of_name(line, folded);
        const bool goes_on =
            length > 0 && length < line.size() && is_letter(line[length - 1]) && is_letter(line[length]);
        if (length > 0 && !goes_on)
            out += common::text("\x1b[1m", line.substr(0, length), "\x1b[22m");
        else {
            length = std::max<std::size_t>(common::utf8_length(line), 1);
            out += line.substr(0, length);
        }
        last = line[length - 1];
        line.remove_prefix(length);
    }
    return out;
}

std::optional<int> parse_zone(std::string_view word) {
    if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) return {};
    const bool is_behind = word[0] == '-';
    word.remove_prefix(1);
    const std::size_t colon = std::min(word.find(':'), word.size());
    const auto hours = parse_number<unsigned>(word.substr(0, colon), 0, 14);
    std::optional<unsigned> minutes = 0;
    if (colon != word.size()) minutes = parse_number<unsigned>(word.substr(colon + 1), 0, 59);
    if (!hours || !minutes) return {};
    const int total = static_cast<int>(*hours * 60 + *minutes);
    return is_behind ? -total : total;
}

bool Display::set_language(Language language) {
    if (!catalogues_.has(language)) return false;
    language_ = language;
    return true;
}

std::string Display::known_languages() const {
    std::string known;
    for (const std::string_view name : language_names)
        if (catalogues_.has(*find_language(name))) known += text(known.empty() ? "" : ", ", name);
    return known;
}

// "[plans 812 2026-11-21 07:26 UTC] ": of it the room when it is not the current one; number and time when
// the line is an earlier one or the client wants them, with the date in the first case. In the zone that the
// client chose, or in UTC, which is said then.
void Display::append_stamp(std::string& out, const Record& record, std::string_view room, When when) const {
    out.append("[").append(room);
    if (when == When::earlier || taste_.zone) {
        const std::time_t seconds = record.time / 1'000'000 + taste_.zone.value_or(0) * 60;
        std::tm parts{};
        ::gmtime_r(&seconds, &parts);
        std::array<char, 32> time{};
        std::strftime(time.data(), time.size(), when == When::earlier ? "%Y-%m-%d %H:%M" : "%H:%M", &parts);
        out += text(room.empty() ? "" : " ", record.line, ' ', time.data(),
                    taste_.zone.value_or(0) == 0 ? " UTC" : "");
    }
    out.append("] ");
}

std::string Display::question(Asked asked) const {
    constexpr std::array wordings{Wording<Asked>{Asked::name, Phrase::ask_name},
                                  Wording<Asked>{Asked::password, Phrase::ask_password},
                                  Wording<Asked>{Asked::code, Phrase::ask_code}};
    const std::optional<Phrase> phrase = phrase_for(wordings, asked);
    return phrase ? words(*phrase) : std::string{};
}

bool Display::rings_for(std::string_view words) const {
    if (taste_.bell == Taste::Bell::off) return false;
    return taste_.bell == Taste::Bell::all ||
           fold_name(words).find(fold_name(own_name_)) != std::string::npos;
}

Record Display::painted(const Record& record) const {
    Record painted = record;
    if (!record.name.empty()) painted.name = paint_name(record.name);
    painted.text =
        record.kind == Kind::renamed ? paint_name(record.text) : paint_mentions(record.text, own_name_);
    return painted;
}

bool Display::shows(const Record& record) const {
    if ((taste_.is_quiet && is_move_of(record.kind)) || taste_.ignores(record.speaker)) return false;
    return find_kind(record.kind) != nullptr;
}

void Display::append_record(std::string& out, const Record& record, std::string_view room, When when) const {
    if (when == When::now && !is_move_of(record.kind) && rings_for(record.text)) out += Dialect::bell;
    if (when == When::earlier || taste_.zone || !room.empty()) append_stamp(out, record, room, when);
    if (shows_colours())
        append_words(out, painted(record), catalogues_, language_);
    else
        append_words(out, record, catalogues_, language_);
    out += dialect_->line_end();
}

std::string Display::record(const Record& record, std::string_view room, When when) const {
    std::string line;
    if (shows(record)) append_record(line, record, room, when);
    return line;
}

std::string Display::told(std::string_view from, std::string_view words_given) const {
    return text(taste_.bell == Taste::Bell::off ? "" : Dialect::bell,
                line(Phrase::told, shows_colours() ? paint_name(from) : std::string{from}, words_given));
}

std::string Display::refused(Refusal why, unsigned tries_left) const {
    const std::string reason = words(phrase_for(refusal_wordings, why).value_or(Phrase::unknown_refusal));
    if (why != Refusal::wrong_code && why != Refusal::wrong_token) return plain_line(reason);
    if (tries_left == 0) return line(Phrase::last_try, reason);
    return line(Phrase::tries_left, reason, text(tries_left));
}

std::string Display::farewell(Farewell why, std::string_view given) const {
    return line(phrase_for(farewell_wordings, why).value_or(Phrase::goodbye), given);
}

std::string Display::who_row(std::string_view row) const {
    const auto fields = split_fields(row); // name, flags, why it is away
    const auto has = [&](char flag) { return fields[1].find(flag) != std::string_view::npos; };
    Remarks remarks;
    if (has('o')) remarks.add(words(Phrase::an_operator));
    if (has('v')) remarks.add(words(Phrase::has_voice));
    if (has('m')) remarks.add(words(Phrase::is_muted));
    if (has('a')) remarks.add(words(Phrase::away_because, fields[2]));
    return plain_line(remarks.behind(fields[0]));
}

std::string Display::room_row(std::string_view row) const {
    const auto fields = split_fields(row); // name, flags, members, topic
    const auto has = [&](char flag) { return fields[1].find(flag) != std::string_view::npos; };
    Remarks remarks;
    if (has('c')) remarks.add(words(Phrase::with_code));
    if (has('m')) remarks.add(words(Phrase::is_moderated));
    if (has('i')) remarks.add(words(Phrase::you_are_here));
    return plain_line(text(remarks.behind(fields[0]), ' ', words(Phrase::members, fields[2]),
                           fields[3].empty() ? "" : ": ", fields[3]));
}

std::string Display::ban_row(std::string_view row) const {
    const auto fields = split_fields(row); // whom, room, minutes left, by whom, whether its address
    const std::string person =
        fields[4].empty() ? std::string{fields[0]} : words(Phrase::and_address, fields[0]);
    const std::string whom =
        text(person, fields[1].empty() ? "" : " (", fields[1], fields[1].empty() ? "" : ")");
    const std::string until =
        fields[2].empty() ? words(Phrase::for_ever) : words(Phrase::minutes_left, fields[2]);
    return line(Phrase::ban_is, whom,
                fields[3].empty() ? words(Phrase::administrator) : std::string{fields[3]}, until);
}

} // namespace chatd
