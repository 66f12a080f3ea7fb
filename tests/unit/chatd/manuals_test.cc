// SPDX-License-Identifier: ISC
// The manuals of chatd and the tables and constants of its code say the same. What only a running daemon
// tells is compared in tests/e2e/chatd/manuals_test.cc.
#include "tests/manual.hh"

#include "chatd/handler/irc/capabilities.hh"
#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/mode_changes.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/numerics.hh"
#include "chatd/handler/irc/silence.hh"
#include "chatd/handler/typed/commands.hh"
#include "chatd/handler/typed/display.hh"
#include "chatd/handler/typed/line_dialect.hh"
#include "chatd/protocol.hh"
#include "chatd/room_log/room_log.hh"
#include "chatd/settings.hh"
#include "chatd/terminal/session_option.hh"
#include "chatd/terminal/telnet.hh"
#include "chatd/words.hh"
#include "common/control_server.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/options.hh"
#include "common/sandbox.hh"
#include "common/text.hh"

#include <algorithm>
#include <chrono>
#include <doctest/doctest.h>

using namespace chatd;
using common::text;
using tests::heads;
using tests::heads_of;
using tests::Manual;
using tests::usage_of;
using tests::with_argument;

namespace {

std::vector<common::Directive> directives() {
    static Settings unused;
    return directive_table(unused);
}

const common::Directive& directive(const std::vector<common::Directive>& table, std::string_view name) {
    return *std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
}

// Of the rows of a table, less its heading: the first words of each.
std::string first_words(const std::vector<Manual::Item>& rows, std::size_t words, std::size_t headings = 1) {
    std::string lines;
    for (std::size_t row = headings; row < rows.size(); ++row) {
        std::size_t end = 0;
        for (std::size_t word = 0; word < words; ++word) end = rows[row].head.find(' ', end + 1);
        lines += rows[row].head.substr(0, end) + '\n';
    }
    return lines;
}

std::string_view direction_of(Message message) {
    switch (static_cast<int>(message) / 100) {
    case 0: return "handler to hub";
    case 1: return "hub to handler";
    case 2: return "hub to spawner";
    default: return "spawner to hub";
    }
}

std::size_t bytes_of(char code) { return code == 'B' ? 1 : code == 'H' ? 2 : code == 'I' ? 4 : 8; }

template <class Value>
std::string line_of(std::string_view name, Value value) {
    return text(name, ' ', static_cast<int>(value), '\n');
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("chatd(8) and chatctl(8) list the options that the programs take") {
        const Manual daemon{"chatd.8"}, client{"chatctl.8"};
        common::DaemonOptions unused;
        common::CtlOptions unused_too;
        const auto options = common::daemon_options(unused);
        const auto ctl_options = common::ctl_options(unused_too);
        CHECK(heads(daemon.list_behind("The options are:")) == heads_of(options));
        CHECK(daemon.synopsis() == usage_of("chatd", options, ""));
        CHECK(heads(client.list_behind("The options are:")) == heads_of(ctl_options));
        CHECK(client.synopsis() == usage_of("chatctl", ctl_options, common::ctl_operands));
    }

    TEST_CASE("chatd.conf(5) lists the directives with their arguments and defaults") {
        std::string documented, declared;
        for (const Manual::Item& item : Manual{"chatd.conf.5"}.list_behind("The directives are:"))
            documented += text(item.head, " = ", item.fallback(), '\n');
        for (const common::Directive& row : directives())
            declared += text(with_argument(row.name, row.arguments), " = ", row.fallback, '\n');
        CHECK(documented == declared);
    }

    TEST_CASE("chatd.conf(5) tells what SIGHUP changes and what may be given more than once") {
        const Manual manual{"chatd.conf.5"};
        const auto items = manual.list_behind("The directives are:");
        const auto table = directives();
        REQUIRE(items.size() == table.size());
        for (std::size_t i = 0; i < items.size(); ++i) {
            CAPTURE(items[i].head);
            const std::string words = items[i].text();
            const auto says = [&](std::string_view part) { return words.find(part) != words.npos; };
            CHECK(says("SIGHUP: "));
            using Reload = common::Directive::Reload;
            CHECK(says("SIGHUP: waits for the next start.") == (table[i].reload == Reload::at_start));
            CHECK(says("SIGHUP: waits for an upgrade or the next start.") ==
                  (table[i].reload == Reload::at_upgrade));
            CHECK(says("May be given more than once") ==
                  (table[i].repeats == common::Directive::Repeats::yes));
        }
        CHECK(manual.says("Only listen, room, operator and certificate may be given more than once."));
    }

    TEST_CASE("chatd.conf(5) lists the options of a room with their defaults") {
        const auto table = directives();
        std::string documented = "NAME";
        std::string defaults;
        for (const Manual::Item& item : Manual{"chatd.conf.5"}.list_behind(".It Ic room")) {
            documented += text(" [", item.head, ']');
            defaults += item.fallback() + '\n';
        }
        const RoomSettings room;
        CHECK(documented == directive(table, "room").arguments);
        CHECK(defaults == text(room.code, '\n', room.code_hash, '\n', room.topic, '\n', room.max_members,
                               "\n\n\n", room.history ? "on" : "off", '\n', room.keep_bytes, '\n',
                               room.keep_age / std::chrono::hours{24}, '\n'));
    }

    TEST_CASE("chatd(8) and chatd.conf(5) give the limits that the code keeps") {
        const Manual manual{"chatd.8"}, config{"chatd.conf.5"};
        const std::string most = text(common::client_ceiling);
        const std::string descriptors = text(common::ResourceLimits{}.open_files, " descriptors");
        CHECK(manual.says(text("a line, its end not counted ", max_text, " bytes")));
        CHECK(manual.says(text("A line may have ", max_text, " bytes;")));
        CHECK(manual.says(text("a name ", max_name_columns, " columns")));
        CHECK(manual.says(text("A name has 1 to ", max_name_columns, " columns")));
        CHECK(manual.says(text("a name, in bytes ", max_name, " bytes")));
        CHECK(manual.says(text("a room's code ", max_code, " bytes")));
        CHECK(manual.says(text("a room's name ", max_room_name, " bytes")));
        CHECK(manual.says("clients, whatever the configuration says " + most + " clients"));
        CHECK(manual.says("descriptors of a handler " + descriptors));
        CHECK(manual.says("limits itself to " + descriptors + ", no core file"));
        CHECK(config.says("0 means " + most + ", and no number may be greater"));
        CHECK(config.says(text("The word that leads into the room, of 1 to ", max_code, " bytes.")));
        CHECK(config.says(text("A name has 1 to ", max_room_name, " bytes")));
        CHECK(config.says(text("which is every ", LogPolicy{}.segment_bytes, " bytes")));
        CHECK(config.says(
            text("A line may have ", common::max_config_line, " bytes, a file ", common::max_config_file)));
    }

    TEST_CASE("chatd(8) shows the defaults and dialogue and commands that a client meets") {
        const Manual manual{"chatd.8"};
        const auto table = directives();
        const std::string_view listener = directive(table, "listen").fallback;
        const std::size_t colon = listener.find(':');
        CHECK(manual.says(text("one open room, called ", directive(table, "room").fallback, ',')));
        CHECK(manual.says(text("on port ", listener.substr(colon + 1), " of ", listener.substr(0, colon))));

        const Catalogues catalogues;
        const LineDialect nc;
        const Display display{catalogues, Language::english, nc};
        const auto shows = [&](std::string_view lead, const std::string& words) {
            return manual.display_behind(lead).find(words) != std::string::npos;
        };
        CHECK(shows("asks for a name", display.question(Asked::name) + "ada\n" +
                                           display.line(Phrase::enter_alone, "lobby") + "Room code:\n" +
                                           display.line(Phrase::entered, "lobby") +
                                           display.line(Phrase::present, "bob")));
        CHECK(shows("A wrong code is refused", display.question(Asked::code) + "swordfish\n" +
                                                   display.refused(Refusal::wrong_code, 2) + "Room code:"));
        std::string events;
        for (const Kind kind : {Kind::joined, Kind::said, Kind::acted, Kind::noticed, Kind::left,
                                Kind::announced, Kind::renamed, Kind::topic})
            events += display.record({kind, 1, 0, 1, "NAME", kind == Kind::left ? "" : "TEXT"}, {},
                                     Display::When::now);
        std::string documented = heads(manual.list_behind("without those who came"));
        std::erase(documented, '"'); // mdoc's own
        CHECK(documented == events);
    }

    TEST_CASE("chatd(8) lists the commands that there are in the order of help") {
        std::string declared;
        for (const SlashCommand& command : slash_commands())
            declared += with_argument(text('/', command.name), command.arguments) + '\n';
        CHECK(heads(Manual{"chatd.8"}.list_behind(".Sh COMMANDS")) == declared);
    }

    TEST_CASE("chatd-protocol(7) lists the frames as they are declared") {
        const Manual manual{"chatd-protocol.7"};
        std::string declared = "number name direction fields cap of the text\n", names;
        for (const FrameRow& row : frame_table) {
            declared += text(static_cast<int>(row.number), ' ', row.name, ' ', direction_of(row.number), ' ',
                             row.layout, ' ', row.max_text, '\n');
            names += text(row.name, '\n');
        }
        CHECK(heads(manual.list_behind("There is no empty packet")) == declared);
        CHECK(heads(manual.list_behind("What the fields are:")) == names);
        CHECK(manual.says(text("This is version ", protocol_version, '.')));
        CHECK(wake.size() == 1);
        CHECK(manual.says(text("The wake is a packet of one byte, ", wake, ',')));
    }

    TEST_CASE("chatd-protocol(7) lists the refusals and the caps") {
        const Manual manual{"chatd-protocol.7"};
        std::string refusals;
        for (const auto& [name, why] : std::initializer_list<std::pair<std::string_view, Refusal>>{
                 {"name_taken", Refusal::name_taken},
                 {"name_empty", Refusal::name_empty},
                 {"name_too_long", Refusal::name_too_long},
                 {"name_unprintable", Refusal::name_unprintable},
                 {"name_reserved", Refusal::name_reserved},
                 {"name_banned", Refusal::name_banned},
                 {"name_mixed", Refusal::name_mixed},
                 {"name_alike", Refusal::name_alike},
                 {"wrong_code", Refusal::wrong_code},
                 {"room_full", Refusal::room_full},
                 {"room_banned", Refusal::room_banned},
                 {"already_inside", Refusal::already_inside},
                 {"too_many_rooms", Refusal::too_many_rooms},
                 {"no_such_room", Refusal::no_such_room},
                 {"help_wanted", Refusal::help_wanted},
                 {"no_more_rooms", Refusal::no_more_rooms},
                 {"text_too_long", Refusal::text_too_long},
                 {"disk_full", Refusal::disk_full},
                 {"moderated", Refusal::moderated},
                 {"muted", Refusal::muted},
                 {"not_recorded", Refusal::not_recorded},
                 {"not_done", Refusal::not_done},
                 {"partly_sent", Refusal::partly_sent},
                 {"not_now", Refusal::not_now},
                 {"nobody", Refusal::nobody},
                 {"behind", Refusal::behind},
                 {"too_many_ignored", Refusal::too_many_ignored},
                 {"not_operator", Refusal::not_operator},
                 {"bad_duration", Refusal::bad_duration},
                 {"not_banned", Refusal::not_banned},
                 {"bad_network", Refusal::bad_network},
                 {"no_address", Refusal::no_address},
                 {"hits_oneself", Refusal::hits_oneself},
                 {"too_many_bans", Refusal::too_many_bans},
                 {"too_many_marks", Refusal::too_many_marks},
                 {"wrong_token", Refusal::wrong_token},
                 {"password_needed", Refusal::password_needed},
                 {"wrong_password", Refusal::wrong_password},
                 {"held_off", Refusal::held_off},
                 {"has_password", Refusal::has_password}})
            refusals += line_of(name, why);
        CHECK(first_words(manual.list_behind(".It Li refused"), 2, 0) == refusals);
        CHECK(heads(manual.list_behind(".Ss Caps")) ==
              text("line of speech ", max_text, " bytes\nlines in one frame ", max_batch, " bytes\nname ",
                   max_name, " bytes\ncode ", max_code, " bytes\nroom's name ", max_room_name,
                   " bytes\ntopic ", max_topic, " bytes\ntoken ", max_token, " bytes\nplace ", max_place,
                   " bytes\npiece of a list ", max_listing, " bytes\npacket ", max_frame,
                   " bytes\nlines of a paste ", max_paste_lines, " lines\nrooms of one client ", max_rooms,
                   " rooms\npeople that one client ignores ", max_ignored,
                   " people\nprivate messages that wait ", max_untaken, " messages\n"));
    }

    TEST_CASE("chatd-protocol(7) lists the messages of chat's option as they are declared") {
        const Manual manual{"chatd-protocol.7"};
        std::string declared = "letter name direction body begins with\n", names;
        for (const SessionRow& row : session_table) {
            const std::string_view direction =
                row.message == SessionMessage::hello ? "chat to handler" : "handler to chat";
            declared += text(static_cast<char>(row.message), ' ', row.name, ' ', direction,
                             row.layout.empty() ? "" : " ", row.layout, '\n');
            names += text(row.name, '\n');
        }
        CHECK(heads(manual.list_behind(".Ss The option of chat")) == declared);
        CHECK(heads(manual.list_behind("What is malformed is passed over.")) == names);
        CHECK(manual.says(text("number ", static_cast<int>(telnet::Option::chat), ", with which")));
        CHECK(manual.says(text("a body of at most ", telnet::Decoder::max_subnegotiation, " bytes")));
        CHECK(manual.says("for each its number and the first line that was not"));
        CHECK(PlaceRoom::size == 12); // !IQ
    }

    TEST_CASE("chatd-irc(7) lists the commands and capabilities and what 005 has") {
        const Manual manual{"chatd-irc.7"};
        std::string commands, capabilities, tokens;
        for (const irc::IrcCommand& row : irc::irc_commands()) {
            using enum irc::IrcCommand::When;
            const std::string_view when = row.when == at_first ? "before"
                                          : row.when == inside ? "inside"
                                                               : "always";
            commands += text(row.name, ' ', row.least, ' ', when, '\n');
        }
        CHECK(first_words(manual.list_behind(".Sh COMMANDS"), 3) == commands);
        for (const irc::CapabilityRow& row : irc::capability_table) {
            capabilities += text(row.name, ' ', row.needs.empty() ? "-" : row.needs, '\n');
            CHECK((row.value.empty() || manual.says(text("The value of ", row.name, " is ", row.value))));
        }
        CHECK(first_words(manual.list_behind(".Sh CAPABILITIES"), 2) == capabilities);
        for (const auto& line : irc::isupport())
            for (const std::string& token : line) tokens += token + '\n';
        CHECK(first_words(manual.list_behind(".Sh ISUPPORT"), 1) == tokens);
    }

    TEST_CASE("chatd-irc(7) lists the modes and numerics and tells the limits") {
        const Manual manual{"chatd-irc.7"};
        std::string modes, letters, numerics = "number name text\n";
        const auto documented = manual.list_behind(".Sh MODES");
        for (std::size_t row = 1; row < documented.size(); ++row) {
            const irc::Mode* const mode = irc::find_channel_mode(documented[row].head.front());
            REQUIRE(mode != nullptr);
            letters += mode->letter;
            CHECK(documented[row].head == text(mode->letter, ' ', mode->meaning));
        }
        std::sort(letters.begin(), letters.end());
        CHECK(letters == irc::all_channel_modes());
        CHECK(irc::user_modes == "Bio");
        CHECK(
            manual.says("are B for a program, i for one who is seen only by those in the same rooms, as all "
                        "are, and o for an operator"));
        for (const irc::NumericRow& row : irc::numeric_table)
            numerics += text(static_cast<int>(row.number), ' ', row.name, ' ',
                             row.words.empty() ? "-" : row.words, '\n');
        // Two blanks are one in a manual.
        if (const std::size_t at = numerics.find("  "); at != numerics.npos) numerics.erase(at, 1);
        CHECK(heads(manual.list_behind(".Sh NUMERICS")) == numerics);
        CHECK(manual.says(text("A line may have ", irc::max_line, " bytes with its end, and ",
                               irc::max_client_tags, " more of tags")));
        CHECK(manual.says(text("as in ada!", irc::user_word, '@', irc::host_word, ',')));
        using std::chrono::minutes;
        CHECK(manual.says(text("silent for ", irc::Silence::until_asked / minutes{1},
                               " minutes gets a PING, and after ", irc::Silence::until_gone / minutes{1},
                               " more")));
    }

    TEST_CASE("room-log(5) lists the fields of a record and the kinds as they are declared") {
        const Manual manual{"room-log.5"};
        std::string fields;
        std::size_t at = 0;
        for (const char code : record_layout.view().substr(1)) {
            fields += text(at, ' ', code, '\n');
            at += bytes_of(code);
        }
        CHECK(at == RecordHead::size);
        CHECK(first_words(manual.list_behind("Its fields are:"), 2) == fields);
        CHECK(manual.says(text("write as ", record_layout.view(), ": little endian")));
        CHECK(manual.says(text("A record has a head of ", RecordHead::size, " bytes,")));
        CHECK(manual.says(text("If its highest bit (", int{has_serial},
                               ") is set, the head is followed by a serial of ", RecordSerial::size,
                               " bytes")));
        CHECK(manual.says(text(RecordHead::size, ", ", RecordSerial::size,
                               " more if there is a serial, and the "
                               "bytes of name and text. The text has at most ",
                               max_text, " bytes and the name 255, so a record has at most ", max_record,
                               '.')));
        CHECK(manual.says(text("A segment that has grown to ", LogPolicy{}.segment_bytes, " bytes")));
        CHECK(first_words(manual.list_behind("The kinds are:"), 2) ==
              line_of("segment_start", Kind::segment_start) + line_of("segment_end", Kind::segment_end) +
                  line_of("joined", Kind::joined) + line_of("left", Kind::left) +
                  line_of("said", Kind::said) + line_of("announced", Kind::announced) +
                  line_of("acted", Kind::acted) + line_of("renamed", Kind::renamed) +
                  line_of("topic", Kind::topic) + line_of("noted", Kind::noted) +
                  line_of("noticed", Kind::noticed) + line_of("kicked", Kind::kicked) +
                  line_of("muted", Kind::muted) + line_of("unmuted", Kind::unmuted) +
                  line_of("banned", Kind::banned) + line_of("unbanned", Kind::unbanned) +
                  line_of("moderated", Kind::moderated) + line_of("unmoderated", Kind::unmoderated) +
                  line_of("voiced", Kind::voiced) + line_of("unvoiced", Kind::unvoiced));
    }

    TEST_CASE("chatctl(8) gives the limits of the control socket") {
        const Manual manual{"chatctl.8"};
        using Server = common::ControlServer;
        CHECK(manual.says(text("A question may have ", Server::max_line, " bytes.")));
        CHECK(manual.says(text(Server::max_clients, " connections are served at once; others")));
        CHECK(manual.says(text("It may have ", max_text, " bytes, and is made harmless")));
    }

    TEST_CASE("the manuals of chatd list the exit statuses there are") {
        for (const char* const page : {"chatd.8", "chatctl.8"})
            CHECK(heads(Manual{page}.list_behind(".Sh EXIT STATUS")) == "0\n1\n64\n");
    }
}
