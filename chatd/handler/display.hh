// SPDX-License-Identifier: ISC
// What one client is shown, and how: in its language, with or without times, less whom it ignores. Turns
// records and answers into words, and these, by the client's dialect, into bytes. Run by handlers; works on
// values, without descriptors.
#pragma once

#include "chatd/handler/dialect.hh"
#include "chatd/phrases.hh"
#include "chatd/protocol.hh"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// Minutes that a client's clock is ahead of UTC, from "+8", "-3:30" or "+05:45"; no value for anything else.
std::optional<int> parse_zone(std::string_view word);

class Display {
public:
    Display(const Catalogues& catalogues, Language language, std::unique_ptr<Dialect> dialect)
        : catalogues_(catalogues), language_(language), dialect_(std::move(dialect)) {}

    template <class... Arguments>
    std::string words(Phrase phrase, const Arguments&... arguments) const {
        return catalogues_.phrase(language_, phrase, {std::string_view{arguments}...});
    }
    template <class... Arguments>
    std::string line(Phrase phrase, const Arguments&... arguments) const {
        return plain_line(words(phrase, arguments...));
    }
    std::string ask(Question question);
    std::string plain_line(std::string_view words) const { return dialect_->line(words); }

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

    enum class Bell { off, mention, all };
    Dialect& dialect() { return *dialect_; }
    const Dialect& dialect() const { return *dialect_; }
    void set_dialect(std::unique_ptr<Dialect> dialect) { dialect_ = std::move(dialect); }
    bool set_language(Language language); // false: its catalogue is not installed
    bool knows(Language language) const { return catalogues_.has(language); }
    Language language() const { return language_; }
    void set_zone(std::optional<int> minutes) { zone_ = minutes; }
    void set_bell(Bell bell) { bell_ = bell; }
    void set_colours(bool shown) { colours_ = shown; } // else as the dialect says
    void set_quiet(bool quiet) { quiet_ = quiet; }
    bool is_quiet() const { return quiet_; }
    void set_own_name(std::string_view name) { own_name_ = name; }
    const std::string& own_name() const { return own_name_; }
    // True if the name is ignored now, false if it is not any more.
    bool toggle_ignored(std::string_view name);
    bool ignores(std::string_view name) const;
    std::string ignored_names() const; // with commas; empty: none

private:
    bool has_time(When when) const { return when == When::earlier || zone_; }
    void append_stamp(std::string& out, const Record& record, std::string_view room, When when) const;
    bool rings_for(std::string_view text) const;
    bool shows_colours() const { return colours_.value_or(dialect_->shows_colours()); }
    Record painted(const Record& record) const;

    const Catalogues& catalogues_;
    Language language_;
    std::unique_ptr<Dialect> dialect_;
    std::optional<int> zone_; // live lines have times when there is one
    Bell bell_ = Bell::off;
    std::optional<bool> colours_;
    bool quiet_ = false;
    std::string own_name_;
    std::map<std::string, std::string> ignored_; // by the folded name
};

} // namespace chatd
