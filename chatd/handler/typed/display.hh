// SPDX-License-Identifier: ISC
// What one client is shown, and how: in its language, with or without times and colours, without those
// whom it ignores. Turns records and answers into words, and these, by the client's dialect, into bytes. Run
// by handlers; works on values, without descriptors.
#pragma once

#include "chatd/handler/ignored_people.hh"
#include "chatd/handler/typed/dialect.hh"
#include "chatd/phrases.hh"
#include "chatd/protocol.hh"

#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// Minutes that a client's clock is ahead of UTC, from "+8", "-3:30" or "+05:45"; no value for anything else.
std::optional<int> parse_zone(std::string_view word);

// The colours in which a terminal shows names and mentions (SGR of ECMA-48, the eight of every terminal). The
// same name has the same colour for everybody and always.
std::string paint_name(std::string_view name);
// The text with each place marked where the name stands as a word.
std::string paint_mentions(std::string_view text, std::string_view name);

// How a client wants to be shown things, and of whom nothing.
struct Taste : IgnoredPeople {
    enum class Bell { off, mention, all };
    std::optional<int> zone{}; // live lines have times when there is one, in minutes ahead of UTC
    Bell bell = Bell::off;
    std::optional<bool> colours{}; // else as the dialect says
    bool is_quiet = false;         // joining and leaving is not shown
};

class Display {
public:
    Display(const Catalogues& catalogues, Language language, const Dialect& dialect)
        : catalogues_(catalogues), language_(language), dialect_(&dialect) {}

    template <class... Arguments>
    std::string words(Phrase phrase, const Arguments&... arguments) const {
        return catalogues_.phrase(language_, phrase, {std::string_view{arguments}...});
    }
    template <class... Arguments>
    std::string line(Phrase phrase, const Arguments&... arguments) const {
        return plain_line(words(phrase, arguments...));
    }
    std::string plain_line(std::string_view words) const { return dialect_->line(words); }
    std::string question(Asked asked) const; // its words; of nothing: none

    // Of a room's log. room: its name if it is not the current one, else empty. Empty for what this client
    // does not want to see.
    enum class When { now, earlier };
    std::string record(const Record& record, std::string_view room, When when) const;
    // The same in two steps, without a string for each line. append_record: of one that it shows.
    bool shows(const Record& record) const;
    void append_record(std::string& out, const Record& record, std::string_view room, When when) const;
    std::string told(std::string_view from, std::string_view text) const;
    std::string refused(Refusal why, unsigned tries_left) const;
    std::string farewell(Farewell why, std::string_view given) const;

    // Each line of a list, as the hub gives it: fields with a tab between them (chatd-protocol(7)).
    std::string who_row(std::string_view row) const;
    std::string room_row(std::string_view row) const;
    std::string ban_row(std::string_view row) const;

    void set_dialect(const Dialect& dialect) { dialect_ = &dialect; }
    bool set_language(Language language); // false: its catalogue is not installed
    std::string known_languages() const;  // with commas
    void set_own_name(std::string_view name) { own_name_ = name; }
    const std::string& own_name() const { return own_name_; }
    Taste& taste() { return taste_; }
    const Taste& taste() const { return taste_; }

private:
    void append_stamp(std::string& out, const Record& record, std::string_view room, When when) const;
    bool rings_for(std::string_view text) const;
    bool shows_colours() const { return taste_.colours.value_or(dialect_->shows_colours()); }
    Record painted(const Record& record) const;

    const Catalogues& catalogues_;
    Language language_;
    const Dialect* dialect_;
    Taste taste_;
    std::string own_name_;
};

} // namespace chatd
