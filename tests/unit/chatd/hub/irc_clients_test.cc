// SPDX-License-Identifier: ISC
// What the hub does and tells for clients that speak IRC: a name is all that they need, an account may be had
// under any name, and of people and rooms they learn what IRC shows of them.
#include "common/authd/authd_process.hh"
#include "common/authd/password.hh"
#include "tests/unit/chatd/hub/hubs.hh"

#include <crypt.h>
#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace chatd;
using common::text;

namespace {

struct Party : HubHouse {
    Client& arrive_by_irc() {
        Client& client = arrive();
        client.listener = "listen 127.0.0.1:6667 irc";
        return client;
    }
    Client& named(const std::string& name) {
        Client& client = arrive_by_irc();
        CHECK(ask(client, NameFrame::make(name)) == "accepted");
        return client;
    }
    std::string ask(const Client& client, const std::string& frame) {
        const ClientNumber number = client.number;
        send(client, frame);
        settle();
        return heard(number);
    }
    std::string enter_room(const Client& client, const std::string& name, const std::string& code = {}) {
        return ask(client, EnterFrame::make(name + code, static_cast<std::uint8_t>(name.size())));
    }
    // What is listed, with / for tabs, or why not.
    std::string list(const Client& client, const std::string& frame) {
        send(client, frame);
        const std::optional<Frame> answer = next_frame(client.number);
        if (!answer) return "nothing";
        if (answer->message != Message::listing) return shown(*answer);
        std::string rows = answer->as<ListingFrame>().second;
        std::ranges::replace(rows, '\t', '/');
        return rows;
    }
    std::string people_in(const Client& client, const std::string& room_name) {
        return list(client, PeopleFrame::make(room_name, std::uint32_t{0}, std::uint8_t{0}));
    }
    std::string person(const Client& client, const std::string& name) {
        return list(client, PeopleFrame::make(name, std::uint32_t{0}, std::uint8_t{1}));
    }
    std::string tell_as(const Client& client, Telling how, const std::string& name,
                        const std::string& words) {
        return ask(client, TellAsFrame::make(name + words, static_cast<std::uint8_t>(how), std::uint64_t{0},
                                             static_cast<std::uint8_t>(name.size())));
    }
};

std::string hash_of(const char* password) {
    const char* const hash = ::crypt(password, "$5$rounds=1000$a.salt$");
    REQUIRE(hash != nullptr);
    return hash;
}

// Where names have passwords: with an authd.
class Guarded : public Party {
public:
    Guarded() {
        settings.users = folder / "users";
        std::ofstream{settings.users} << "ada:" << hash_of("moon") << ":-:operator\nbob:" << hash_of("sun")
                                      << ":-:-\n";
        ::chmod(settings.users.c_str(), 0600);
        auto [ours, theirs] = common::make_packet_pair();
        authd_ = ::fork();
        if (authd_ == 0) {
            ours.reset();
            common::AuthdSettings made = *authd_settings(settings);
            made.failure_delay = std::chrono::milliseconds{1};
            ::alarm(120);
            ::_exit(common::run_authd(std::move(made), std::move(theirs)));
        }
        theirs.reset();
        passwords.adopt(std::move(ours), authd_);
    }
    ~Guarded() {
        passwords.stop();
        ::waitpid(authd_, nullptr, 0);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;

    // What it hears when authd has answered.
    std::string ask_authd(const Client& client, const std::string& frame) {
        const ClientNumber number = client.number;
        bool is_late = false;
        const auto deadline =
            loop.at(common::Clock::now() + std::chrono::seconds{60}, [&] { is_late = true; });
        std::string all = ask(client, frame);
        while (all.empty() && !is_late) {
            loop.run_once(nullptr);
            settle();
            all = heard(number);
        }
        loop.cancel(deadline);
        return all;
    }
    static std::string authenticate(const std::string& name, const std::string& password) {
        return AuthenticateFrame::make(name + password, static_cast<std::uint8_t>(name.size()));
    }

private:
    pid_t authd_;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("where IRC is spoken a name is enough to be inside and to be told something") {
        Party house;
        Client& typed = house.arrive();
        CHECK(house.ask(typed, NameFrame::make("tom")) == "accepted");
        CHECK(typed.state == Client::State::entering);
        Client &ada = house.named("ada"), &bob = house.named("bob");
        CHECK(ada.state == Client::State::inside);
        CHECK(house.ask(ada, TellFrame::make("bobpsst", std::uint64_t{0}, std::uint8_t{3})) == "accepted");
        CHECK(house.heard(bob.number) == "told");
        CHECK(house.ask(ada, NickFrame::make("eve")) == "accepted");
        CHECK(house.enter_room(ada, "lobby") == "entered"); // and no token
        CHECK(house.ask(ada, LeaveFrame::make({}, house.room().number())) == "accepted");
        CHECK(house.is_here(ada.number));
        CHECK(house.said_in("lobby") == "10, 11");
    }

    TEST_CASE("a room is entered by its name in any case of letters and an open one with any key") {
        Party house;
        const Client &ada = house.named("ada"), &bob = house.named("bob");
        const std::string wrong = HubHouse::refused(Refusal::wrong_code);
        CHECK(house.enter_room(ada, "LOBBY") == "entered");
        CHECK(house.enter_room(bob, "lobby", "an old key") == "entered");
        CHECK(house.enter_room(ada, "cellar") == wrong);
        CHECK(house.enter_room(ada, "cellar", "wrong") == wrong);
        CHECK(house.enter_room(ada, "sesame") == wrong); // which is a code
        for (unsigned time = 0; time < max_tries; ++time) CHECK(house.enter_room(ada, "none") == wrong);
        CHECK(house.enter_room(ada, "Cellar", "sesame") == "entered");
        CHECK(house.enter_room(ada, "none") == wrong);
        house.settings.create_rooms = true;
        CHECK(house.enter_room(ada, "den", "key") == "entered");
        CHECK(house.enter_room(bob, "Den") == wrong);
        CHECK(house.enter_room(bob, "Den", "key") == "entered");
    }

    TEST_CASE(
        "of those in a room IRC is told all that it shows and an address only to operators of the server") {
        Party house;
        const Client& ada = house.named("ada");
        Client& bob = house.named("bob");
        house.enter_room(ada, "lobby");
        house.enter_room(bob, "lobby");
        house.give_voice("bob");
        house.ask(bob, AwayFrame::make("tea", std::uint8_t{1}));
        CHECK(house.ask(bob, DescribeFrame::make("Bob \x1b the bot", std::uint8_t{1})) == "accepted");
        bob.person.account = "bob";
        house.room("cellar").join(bob, 1);
        CHECK(house.people_in(ada, "Lobby") ==
              "ada///0/0/:lobby/1.3/X/10.0.0.7:40000//\n"
              "bob/vab/bob/0/0/v:lobby/1.3/X//Bob \xef\xbf\xbd the bot/tea\n");
        CHECK(house.person(ada, "BOB") == "bob/ab/bob/0/0/v:lobby/1.3/X//Bob \xef\xbf\xbd the bot/tea\n");
        CHECK(house.person(bob, "bob").find("/v:lobby,:cellar/1.3/X/10.0.0.7:40000/") != std::string::npos);
        bob.operator_rooms = {"lobby"};
        CHECK(house.people_in(bob, "lobby").starts_with("ada///0/0/:lobby/1.3/X///")); // of a room alone
        CHECK(house.person(bob, "ada").starts_with("ada///0/0/:lobby/1.3/X///"));
        bob.is_operator = true;
        CHECK(house.person(bob, "ada").starts_with("ada///0/0/:lobby/1.3/X/10.0.0.7:40000/"));
        CHECK(house.person(ada, "bob").starts_with("bob/Oab/"));
        CHECK(house.person(ada, "eve") == HubHouse::refused(Refusal::nobody));
        CHECK(house.people_in(ada, "cellar") == HubHouse::refused(Refusal::no_such_room));
        house.arrive_by_irc(); // without a name
        CHECK(house.person(ada, "") == HubHouse::refused(Refusal::nobody));
    }

    TEST_CASE("of more people than a frame holds more is told by the next") {
        Party house;
        const Client& ada = house.named("ada");
        house.enter_room(ada, "lobby");
        for (int nth = 100; nth < 190; ++nth) {
            Client& one = house.named(text("one", nth));
            one.real_name = std::string(200, 'x');
            house.enter_room(one, "lobby");
        }
        std::size_t rows = 0;
        std::uint32_t skip = 0;
        do {
            house.send(ada, PeopleFrame::make("lobby", skip, std::uint8_t{0}));
            const auto answer = house.next_frame(ada.number);
            REQUIRE(answer);
            REQUIRE(answer->message == Message::listing);
            const auto [fields, piece] = answer->as<ListingFrame>();
            rows += common::split_lines(piece).size();
            skip = std::get<0>(fields);
        } while (skip != 0);
        CHECK(rows == 91);
    }

    TEST_CASE("of a room its state is told and who set the topic also by hubs that follow") {
        Hubs hubs;
        const ClientNumber adas = hubs.now->enter("ada").number;
        const auto ada = [&]() -> Client& { return *hubs.now->people.find(adas); };
        const auto told = [&](const std::string& name) {
            hubs.now->send(ada(), StateFrame::make(name));
            const auto answer = hubs.now->next_frame(adas);
            REQUIRE(answer);
            if (answer->message != Message::listing)
                return std::vector<std::string>{HubHouse::shown(*answer)};
            const std::string line = common::split_lines(answer->as<ListingFrame>().second).at(0);
            std::vector<std::string> fields;
            for (const std::string_view field : common::split(line, '\t')) fields.emplace_back(field);
            return fields;
        };
        const std::vector<std::string> fresh = told("LOBBY");
        REQUIRE(fresh.size() == 8);
        CHECK(fresh[0] == "lobby");
        CHECK(fresh[1] == "ik");
        CHECK(fresh[2] == "1");
        CHECK(fresh[3] == "0");
        const std::string birth = fresh[4];
        CHECK(std::stoll(birth) > 1'600'000'000'000'000);
        CHECK(fresh[6] == "0");
        CHECK(told("cellar") == std::vector<std::string>{HubHouse::refused(Refusal::no_such_room)});
        hubs.now->rooms.set_topic(hubs.now->room(), &ada(), "wine");
        hubs.now->settle();
        const std::vector<std::string> set = told("lobby");
        CHECK(set[5] == "ada");
        CHECK(std::stoll(set[6]) >= std::stoll(birth));
        CHECK(set[7] == "wine");
        for (const bool is_moved : {false, true}) {
            CAPTURE(is_moved);
            hubs.now->deposits.forget_version_before();
            if (is_moved) { // the place from which the next hub reads lies behind the record
                for (int line = 0; line < 2100; ++line)
                    hubs.now->rooms.add_line(hubs.now->room(), Kind::said, &ada(), "x");
                hubs.now->settle();
                hubs.now->room().move_place();
                hubs.now->rooms.note_change(hubs.now->room());
                hubs.now->settle();
            }
            hubs.die();
            hubs.now->heard(adas);
            hubs.answer_again(adas, 0);
            const std::vector<std::string> now = told("lobby");
            REQUIRE(now.size() == 8);
            CHECK(now[4] == birth);
            CHECK(now[5] == "ada");
            CHECK(now[6] == set[6]);
            CHECK(now[7] == "wine");
        }
        hubs.now->settings.rooms.front().topic = "welcome";
        hubs.configured = hubs.now->settings.rooms;
        hubs.now->rooms.configure(hubs.now->settings.rooms);
        hubs.now->rooms.set_topic(hubs.now->room(), &ada(), "-");
        hubs.now->settle();
        CHECK(told("lobby")[5] == "");
        CHECK(told("lobby")[6] == "0"); // nobody's
        CHECK(told("lobby")[7] == "welcome");
        hubs.configured->front().topic = "hello";
        hubs.die();
        hubs.settle();
        hubs.now->heard(adas);
        hubs.answer_again(adas, 0);
        CHECK(told("lobby")[7] == "hello");
        CHECK(hubs.now->said_in("lobby").ends_with(", 16 welcome, 16 hello"));
        hubs.now->rooms.set_topic(hubs.now->room(), nullptr, "cheese");
        hubs.now->settle();
        CHECK(told("lobby")[5] == "");
        CHECK(told("lobby")[6] != set[6]);
        std::vector<std::string> server = told("");
        REQUIRE(server.size() == 8);
        CHECK(std::stoll(server[4]) > std::stoll(birth)); // this hub is younger than the log
        server[4].clear();
        CHECK(server == std::vector<std::string>{"", "", "1", "0", "", "", "0", ""});
    }

    TEST_CASE("the version before is left no more of a topic than it can read") {
        Party house;
        house.rooms.set_topic(house.room(), &house.enter("ada"), "wine");
        house.settle();
        const std::string label = text(label_of_room, house.room().number());
        house.rooms.note_change(house.room());
        house.settle();
        CHECK(house.box.at(label).bytes.front() == 1);
        CHECK(unpack_room(house.box.at(label).bytes).topic_time == 0);
        house.deposits.forget_version_before();
        house.rooms.note_change(house.room());
        house.settle();
        CHECK(house.box.at(label).bytes.front() == 2);
        CHECK(unpack_room(house.box.at(label).bytes).topic_by == "ada");
    }

    TEST_CASE("a notice and an action and an invitation reach who speaks IRC as that and others in words") {
        Party house;
        const Client &ada = house.named("ada"), &bob = house.named("bob");
        const Client& tom = house.enter("tom");
        const auto told = [&](const Client& client) {
            const auto frame = house.next_frame(client.number);
            if (!frame) return std::string{"nothing"};
            if (frame->message == Message::told) return "told " + frame->as<ToldFrame>().second;
            return text("as ", static_cast<int>(std::get<0>(frame->as<ToldAsFrame>().first)), ' ',
                        frame->as<ToldAsFrame>().second);
        };
        const auto both = [&](Telling how, const std::string& words) {
            CHECK(house.tell_as(ada, how, "bob", words) == "accepted");
            CHECK(house.tell_as(ada, how, "tom", words) == "accepted");
            return text(told(bob), "; ", told(tom));
        };
        CHECK(both(Telling::said, "psst") == "told adapsst; told adapsst");
        CHECK(both(Telling::acted, "waves") == "as 1 adawaves; told ada* ada waves");
        CHECK(both(Telling::noticed, "psst") == "as 2 adapsst; told adapsst");
        CHECK(house.tell_as(ada, Telling::invited, "bob", "lobby") ==
              HubHouse::refused(Refusal::no_such_room));
        house.enter_room(ada, "lobby");
        CHECK(both(Telling::invited, "Lobby") == "as 3 adalobby; told ada/join lobby");
        CHECK(house.tell_as(ada, Telling::noticed, "eve", "psst") == HubHouse::refused(Refusal::nobody));
        const ClientNumber adas = ada.number;
        house.ask(ada, TellAsFrame::make("bobpsst", std::uint8_t{4}, std::uint64_t{0}, std::uint8_t{3}));
        CHECK_FALSE(house.is_here(adas)); // a handler that was taken over
    }

    TEST_CASE("whoever leaves has last words there unless it may not speak") {
        Party house;
        Client& ada = house.named("ada");
        for (const std::string_view room : {"lobby", "cellar"}) house.join(ada, room);
        const auto leave = [&](std::string_view room) {
            CHECK(house.ask(ada, LeaveFrame::make("so \x1b long", house.room(room).number())) == "accepted");
            return house.said_in(room);
        };
        CHECK(leave("lobby") == "10, 11 so \xef\xbf\xbd long");
        house.mute("ada", "cellar");
        CHECK(leave("cellar") == "10, 11");
        house.join(ada, "lobby");
        house.join(ada, "cellar");
        CHECK(house.ask(ada, QuitFrame::make("bye")) == "accepted");
        house.handlers.erase(ada.number);
        house.requests.read(ada.number);
        house.settle();
        CHECK(house.said_in("lobby").ends_with("10, 11 bye"));
        CHECK(house.said_in("cellar").ends_with("10, 11"));
    }

    TEST_CASE("what somebody says of itself is known to the next hub") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        ada.listener = "listen 127.0.0.1:6667 irc";
        hubs.now->send(ada, DescribeFrame::make("Ada L.", says_program));
        CHECK(hubs.now->heard(adas) == "accepted");
        hubs.now->settle();
        hubs.die();
        const Client& same = *hubs.now->people.find(adas);
        CHECK(same.real_name == "Ada L.");
        CHECK(same.is_program);
        CHECK(same.speaks_irc());
    }

    TEST_CASE("who speaks IRC stays when the last room that it is in is closed") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number, bobs = hubs.now->enter("bob").number;
        ada.listener = "listen here irc"; // where the next one listens no more
        ada.is_changed = true;
        hubs.now->answers.confirm(ada);
        hubs.now->heard(adas);
        hubs.configured = {room_settings("other")};
        hubs.die();
        for (const ClientNumber number : {adas, bobs}) hubs.answer_again(number, 0);
        hubs.now->heard(adas);
        hubs.evictions->begin_closing();
        hubs.evictions->empty_closing_rooms();
        hubs.now->settle();
        CHECK(hubs.now->heard(adas) == "closed");
        CHECK(hubs.now->people.find(adas)->rooms.empty());
        CHECK_FALSE(hubs.now->is_here(bobs));
    }

    TEST_CASE("an account is had under any name and its own name is taken back from a dead connection") {
        Guarded house;
        Client& ada = house.arrive_by_irc();
        const ClientNumber adas = ada.number;
        CHECK(house.ask_authd(ada, Guarded::authenticate("ada", "sun")) ==
              HubHouse::refused(Refusal::wrong_password));
        CHECK(ada.person.account.empty());
        CHECK(house.ask_authd(ada, Guarded::authenticate("ada", "moon")) == "accepted");
        CHECK(ada.person.account == "ada");
        CHECK(ada.state == Client::State::naming);
        CHECK(house.ask_authd(ada, NameFrame::make("bob")) == HubHouse::refused(Refusal::password_needed));
        CHECK(house.ask_authd(ada, NameFrame::make("countess")) == "accepted");
        CHECK(ada.is_operator);
        CHECK(house.enter_room(ada, "lobby") == "entered");
        CHECK(house.said_in("lobby") == "10 ada"); // who has joined has that account
        CHECK(house.ask_authd(ada, NickFrame::make("bob")) == HubHouse::refused(Refusal::has_password));
        CHECK(house.ask_authd(ada, NickFrame::make("Ada")) == "accepted");

        Client& again = house.arrive_by_irc();
        CHECK(house.ask_authd(again, NameFrame::make("ADA")) == HubHouse::refused(Refusal::password_needed));
        CHECK(house.ask_authd(again, Guarded::authenticate("ada", "moon")) == "accepted");
        CHECK(house.ask_authd(again, NameFrame::make("ada")) == "accepted");
        house.settle();
        CHECK(house.heard(adas) == HubHouse::dismissed(Farewell::resumed_elsewhere));
        CHECK_FALSE(house.is_here(adas));
        CHECK(house.people.find("ada") == &again);
        CHECK(again.is_operator);
    }

    TEST_CASE("a password alone takes a name as it does where people type") {
        Guarded house;
        Client& bob = house.arrive_by_irc();
        CHECK(house.ask_authd(bob, NameFrame::make("bob")) == HubHouse::refused(Refusal::password_needed));
        CHECK(house.ask_authd(bob, LoginFrame::make("sun")) == "accepted");
        CHECK(bob.state == Client::State::inside);
        CHECK_FALSE(bob.is_operator);
        CHECK(house.ask(bob, Guarded::authenticate("ada", "moon")) == ""); // out of its turn
        CHECK(house.people.find("bob") == nullptr);
    }
}
