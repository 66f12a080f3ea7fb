// SPDX-License-Identifier: ISC
// The handler's end of chat's option (chatd-protocol(7)), byte by byte, also for a client that is not chat.
#include "tests/e2e/chat_client.hh"

#include "chatd/terminal/session_option.hh"
#include "chatd/terminal/telnet.hh"
#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using namespace chatd;
using common::text;

namespace {

// A client that speaks the option, and what it was sent, as a test compares it: words as they are, messages
// in braces, other negotiation left out.
class Client : public Connection {
public:
    explicit Client(const Daemon& daemon, const Hello& hello = {.is_plain = true})
        : Connection(daemon.port()) {
        send("\xff\xfb\xd5");
        wait_for("{253}");
        send(encode_hello(hello));
    }
    // Throws Failure unless this comes, at or behind what was waited for last.
    std::string wait_for(std::string_view words) {
        std::size_t at = heard_.npos;
        try {
            while ((at = heard_.find(words)) == heard_.npos) hear();
        } catch (const Failure& failure) {
            throw Failure{text("waited for ", words, ", but had: ", heard_, "; ", failure.what())};
        }
        const std::string before = heard_.substr(0, at);
        heard_.erase(0, at + words.size());
        return before;
    }
    // Until so many lines less one were shown in the one room.
    void wait_for_place(std::uint64_t next) {
        while (place_.size() != PlaceRoom::size || std::get<1>(PlaceRoom::unpack(place_)) != next) hear();
    }
    std::string wait_for_end() {
        try {
            for (;;) hear();
        } catch (const Failure&) {
        }
        return heard_;
    }
    const std::string& token() const { return token_; }
    const std::string& place() const { return place_; }

private:
    void hear() {
        const std::string byte = read_exactly(1);
        std::string_view left = byte;
        while (const auto event = decoder_.next(left)) {
            if (event->kind == telnet::Event::Kind::data) heard_ += event->bytes;
            if (event->kind == telnet::Event::Kind::option && event->option == telnet::Option::chat)
                heard_ += text("{", static_cast<int>(event->command), "}");
            if (event->kind != telnet::Event::Kind::subnegotiation || event->option != telnet::Option::chat)
                continue;
            const SessionText said = read_session(event->bytes).value();
            if (said.message == SessionMessage::token) token_ = said.body;
            if (said.message == SessionMessage::place) place_ = said.body;
            if (said.message == SessionMessage::asks || said.message == SessionMessage::over)
                heard_ += text('{', event->bytes, '}');
            if (said.message == SessionMessage::dealt)
                heard_ += text("{D", std::get<0>(Dealt::unpack(said.body)), ' ',
                               std::get<1>(Dealt::unpack(said.body)), '}');
        }
    }
    telnet::Decoder decoder_;
    std::string heard_, token_, place_;
};

const std::string welcome = welcome_to("lobby") + "\r\n";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("chat is told what is asked and how much was dealt with and where it is") {
        const Daemon daemon{chatd_with({})};
        Client ada{daemon};
        ada.wait_for("{An}");
        ada.send("ada\n");
        CHECK(ada.wait_for("{Ac}") == "{D4 0}");
        ada.send("nowhere\n");
        CHECK(ada.wait_for("{Ac}") == "No room has that code. Tries left: 2.\r\n{D12 0}");
        ada.send("\n");
        CHECK(ada.wait_for(welcome) == "{D13 0}{Aiada}");
        CHECK(ada.token().size() == max_token);
        ada.send("hello\n\n/nick eve\nhalf");
        CHECK(ada.wait_for("{D30 0}").find("{Aieve}") != std::string::npos); // and not yet what has no end
        ada.send("way\n" + std::string(max_text + 1, 'x') + "\n");
        ada.wait_for("{D2040 1}");
        ada.wait_for_place(5); // joined, hello, another name, halfway
        ada.send("/quit\n");
        CHECK(ada.wait_for_end().ends_with("{D2046 1}{Eo}"));
    }

    TEST_CASE("a byte that is doubled counts once") {
        const Daemon daemon{chatd_with({})};
        Client ada{daemon};
        ada.send("ada\n\n");
        ada.wait_for(welcome);
        ada.send("\xff\xff\xff\xff\n");
        ada.wait_for("{D8 0}");
        CHECK(chatctl(daemon, {"history", "lobby"}).find("ada say: \ufffd\ufffd\n") != std::string::npos);
    }

    TEST_CASE("who resumes is told what was dealt with before and shown what it had not seen") {
        const Daemon daemon{chatd_with({})};
        ChatClient bob{daemon, "bob"};
        std::optional<Client> ada{std::in_place, daemon};
        ada->send("ada\n\n");
        ada->wait_for(welcome);
        bob.say("one");
        ada->wait_for("bob say: one\r\n");
        ada->send("mine\n");
        ada->wait_for("{D10 0}");
        const std::string first = ada->token(), place = ada->place();
        SUBCASE("after a break") { ada->reset(); }
        SUBCASE("while the server takes it for alive") {}
        bob.say("two");
        Client again{daemon, {.is_plain = true, .token = first, .place = place}};
        again.wait_for("{D10 0}{Aiada}");
        const std::string missed = again.wait_for("bob say: two\r\n");
        CHECK(missed.find("one") == std::string::npos);
        CHECK(missed.find("mine") == std::string::npos);
        CHECK(missed.find("joined") == std::string::npos);
        again.send("more\n");
        again.wait_for("{D15 0}");
        // The token that it came with is good until the new one is used.
        CHECK(again.token() != first);
        Client third{daemon, {.is_plain = true, .token = first, .place = place}};
        third.wait_for("{D15 0}{Aiada}");
        Client fourth{daemon, {.is_plain = true, .token = third.token(), .place = place}};
        fourth.wait_for("{D15 0}{Aiada}");
        Client late{daemon, {.is_plain = true, .token = first, .place = place}};
        late.wait_for("{An}");
        third.wait_for("{Eo}");
    }

    TEST_CASE("a hello that is malformed or comes again or late changes nothing") {
        const Daemon daemon{chatd_with({})};
        Connection client{daemon.port()};
        const std::string place(PlaceRoom::size, '\xff');
        client.send(
            "\xff\xfb\xd5\xff\xfa\xd5\xff\xf0\xff\xfa\xd5H\xff\xf0\xff\xfa\xd5H\1\xff\xff\xff\xff\xff\xf0" +
            encode(SessionMessage::hello, "\1") + encode(SessionMessage::dealt, "x"));
        client.send("ada\n\n");
        while (client.read_line().find(welcome_to("lobby")) == std::string::npos) {
        }
        client.send(encode_hello({.is_plain = true, .token = "x", .place = place}));
        client.send("hello\n");
        wait_until("it is said", [&] {
            return chatctl(daemon, {"history", "lobby"}).find("ada say: hello") != std::string::npos;
        });
        Client twice{daemon};
        twice.send(encode_hello({.is_plain = true, .token = "x", .place = place}));
        twice.wait_for("{An}");
        twice.send("eve\n\n");
        twice.wait_for(welcome);
        Client nowhere{daemon, {.is_plain = true, .token = std::string(32, 'a'), .place = place}};
        nowhere.wait_for("{An}");
    }

    TEST_CASE("a telnet client that is not chat sees nothing of the option") {
        const Daemon daemon{chatd_with({})};
        Connection client{daemon.port()};
        client.send("\xff\xfd\xd5" + encode_hello({.is_plain = true}) + "ada\r\n\r\n/quit\r\n");
        const std::string all = client.read_to_end();
        CHECK(all.find("\xff\xfa\xd5") == all.npos);
        CHECK(all.find("\xff\xfb\xd5") == all.npos);
        CHECK(all.find("You are in lobby.") != all.npos);
    }
}
