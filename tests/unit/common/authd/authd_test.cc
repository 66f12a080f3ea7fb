// SPDX-License-Identifier: ISC
// What authd says to whom: a real one, over its pairs.
#include "common/authd/password.hh"
#include "tests/unit/common/authd/authd_house.hh"

#include <ctime>
#include <deque>

using namespace common;
using namespace std::chrono_literals;
using Kind = Verdict::Kind;

namespace {

std::string ann() { return "ann:" + hash_of("sesame") + ":/ann:list,read:rate-up=5\n"; }

bool is_same(const Verdict& one, const Verdict& other) { return pack_verdict(one) == pack_verdict(other); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("authd: the right password brings what the user file says of the user") {
        AuthdHouse house{{.users = ann() + "bob:" + hash_of("other") + ":/:-\n"}};
        Login login = house.connect();
        const Verdict verdict = house.ask(login, "ann", "sesame");
        CHECK(verdict.kind == Kind::accepted);
        CHECK(verdict.name == "ann");
        CHECK(verdict.home == "/ann");
        CHECK(verdict.rights == "list,read");
        CHECK(verdict.limits == "rate-up=5");
        CHECK(house.ask(login, "bob", "other").name == "bob"); // somebody else on the same connection
        CHECK(house.log().find("2 users read from " + house.users_path()) != std::string::npos);
    }

    TEST_CASE("authd: a wrong name and a wrong password and a locked user are told apart by nothing") {
        AuthdHouse house{{.users = ann() + "locked:*:/:-\nlocked2:!" + hash_of("sesame") + ":/:-\n"}};
        const Verdict wrong = house.ask_once("ann", "Sesame");
        CHECK(wrong.kind == Kind::refused);
        CHECK(wrong.tries_left == 2);
        for (const auto& [name, password] : {std::pair{"nobody", "sesame"},
                                             {"ann", ""},
                                             {"locked", "*"},
                                             {"locked2", "sesame"},
                                             {"", ""},
                                             {"# comment", ""}})
            CHECK(is_same(house.ask_once(name, password), wrong));
        CHECK(house.log().find("refuse login from 127.0.0.1: nobody\n") != std::string::npos);
        CHECK(house.log().find("sesame\n") == std::string::npos);
    }

    TEST_CASE("authd: an unknown name costs a check of the same work") {
        constexpr unsigned rounds = 400'000;
        const auto cpu = [] { return std::clock(); };
        const std::clock_t before = cpu();
        const std::string hash = hash_of("sesame", rounds);
        const double work = static_cast<double>(cpu() - before) / CLOCKS_PER_SEC;
        AuthdHouse house{{.users = "ann:" + hash + ":/:-\n"}};
        house.wait_for_log("1 users read");
        for (const char* const name : {"ann", "nobody", "somebody"}) {
            const auto start = Clock::now();
            CHECK(house.ask_once(name, "x").kind == Kind::refused);
            const std::chrono::duration<double> took = Clock::now() - start;
            CHECK(took.count() > work * 0.3); // a busy machine makes it only longer
        }
    }

    TEST_CASE("authd: after login-tries the connection ends and a new one begins anew") {
        AuthdHouse house{{.users = ann(), .tries = 2}};
        Login login = house.connect();
        CHECK(house.ask(login, "ann", "a").tries_left == 1);
        const Verdict last = house.ask(login, "ann", "b");
        CHECK(last.kind == Kind::refused);
        CHECK(last.tries_left == 0);
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::unavailable);
        CHECK(!login.is_connected());
        CHECK(house.ask_once("ann", "sesame").kind == Kind::accepted);
    }

    TEST_CASE("authd: an address that keeps failing is held off and another is not") {
        AuthdHouse house{{.users = ann(), .longest_wait = 500s}};
        for (int i = 0; i < 3; ++i) CHECK(house.ask_once("ann", "wrong").kind == Kind::refused);
        Login login = house.connect();
        const Verdict held = house.ask(login, "ann", "sesame");
        CHECK(held.kind == Kind::held_off);
        CHECK(held.wait > 400s);
        CHECK(held.wait <= 500s);
        CHECK(held.tries_left == 2);
        CHECK(is_same(house.ask_once("nobody", "x"), house.ask_once("ann", "x")));
        CHECK(house.ask_once("ann", "sesame", "127.0.0.2").kind == Kind::accepted);
        CHECK(house.log().find("hold off 127.0.0.1 for 500 s\n") != std::string::npos);
        house.ask(login, "ann", "sesame");
        CHECK(house.ask(login, "ann", "sesame").tries_left == 0);
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::unavailable);
    }

    TEST_CASE("authd: an address that was held off may try again when its time has come") {
        AuthdHouse house{{.users = ann(), .tries = 1, .first_wait = 1s, .longest_wait = 1s}};
        CHECK(house.ask_once("ann", "wrong").kind == Kind::refused);
        Verdict verdict;
        while ((verdict = house.ask_once("ann", "sesame")).kind == Kind::held_off) {
            CHECK(verdict.wait == 1s);
            const auto come = common::Clock::now() + verdict.wait;
            house.wait_until("its time has come", [&] { return common::Clock::now() >= come; });
        }
        CHECK_MESSAGE(verdict.kind == Kind::accepted, house.log());
    }

    TEST_CASE("authd: neighbours in one network of IPv6 are one address") {
        AuthdHouse house{{.users = ann(), .tries = 1, .longest_wait = 500s}};
        CHECK(house.ask_once("ann", "wrong", "[2001:db8::1]").kind == Kind::refused);
        CHECK(house.ask_once("ann", "sesame", "[2001:db8::ffff:1]").kind == Kind::held_off);
        CHECK(house.ask_once("ann", "sesame", "[2001:db8:0:1::1]").kind == Kind::accepted);
    }

    TEST_CASE("authd: a failure counts even if its client has gone before the verdict") {
        AuthdHouse house{
            {.users = "ann:" + hash_of("sesame", 50'000) + ":/:-\n", .tries = 1, .longest_wait = 500s}};
        {
            Login login = house.connect();
            login.ask(LoginKind::user, "ann", "wrong");
            house.wait_until("the question was taken", [&] { // it is answered even though nobody waits
                return house.log().find("refuse login") != std::string::npos;
            });
        }
        CHECK(house.ask_once("ann", "sesame").kind == Kind::held_off);
    }

    TEST_CASE("authd: one address cannot starve another of its logins") {
        constexpr int flood = 80;
        AuthdHouse house{{.users = "ann:" + hash_of("sesame", 60'000) + ":/:-\n"}};
        house.wait_for_log("1 users read");
        std::deque<Login> flooders;
        int answered = 0;
        for (int i = 0; i < flood; ++i) {
            Login& login = flooders.emplace_back(house.connect("127.0.0.1"));
            login.ask(LoginKind::user, "ann", i % 2 == 0 ? "sesame" : "wrong");
            house.loop().watch(login.fd(), Interest::read, [&](const Event& event) {
                if (login.take_verdict()) ++answered;
                house.loop().forget(event.fd);
            });
        }
        Login guest = house.connect("127.0.0.2");
        guest.ask(LoginKind::user, "ann", "sesame");
        house.wait_until("nothing", [once = 0]() mutable { return ++once > 1; });
        const int before = answered;
        const auto start = Clock::now();
        CHECK(house.wait_for_verdict(guest).kind == Kind::accepted);
        MESSAGE("the guest waited ",
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count(),
                " ms and ", answered - before, " of ", flood, " checks");
        CHECK(answered - before <= 20); // it was behind 80
        house.wait_until("the flood is answered", [&] { return answered == flood; });
    }

    TEST_CASE("authd: a secret is checked against the hash of its name or of any") {
        AuthdHouse house{{.users = "-", .secrets = {{"den", hash_of("open")}, {"attic", hash_of("up")}}}};
        Login login = house.connect();
        const auto ask = [&](std::string_view name, std::string_view code) {
            return house.ask(login, name, code, LoginKind::secret);
        };
        CHECK(ask("den", "open").name == "den");
        CHECK(ask("", "up").name == "attic");
        CHECK(ask("", "open").name == "den");
        CHECK(ask("den", "up").kind == Kind::refused);
        CHECK(ask("cellar", "open").kind == Kind::refused);
        login = house.connect();
        CHECK(house.ask(login, "den", "open").kind == Kind::refused); // it is no user's
    }

    TEST_CASE("authd: a new configuration takes the place of tries and secrets") {
        AuthdHouse house{{.users = ann(), .secrets = {{"den", hash_of("open")}}}};
        Login login = house.connect();
        CHECK(house.ask(login, "", "open", LoginKind::secret).kind == Kind::accepted);
        house.link().configure(1, 0s, {{"attic", hash_of("up")}, {"roof", hash_of("higher")}});
        CHECK(house.ask(login, "", "higher", LoginKind::secret).name == "roof");
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        CHECK(house.ask(login, "", "open", LoginKind::secret).tries_left == 0);
        house.link().configure(3, 0s);
        Login again = house.connect();
        CHECK(house.ask(again, "", "up", LoginKind::secret).kind == Kind::refused);
    }
}
