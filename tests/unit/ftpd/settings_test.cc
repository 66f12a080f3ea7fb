// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "ftpd/settings.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <set>

using namespace common;
using ftpd::Right;
using ftpd::Settings;

namespace {

Settings made(const std::vector<std::string>& lines) { return ftpd::make_settings(read_config("", lines)); }

std::string refusal(const std::string& line) {
    try {
        made({line});
        return "accepted";
    } catch (const UserError& error) {
        return error.what();
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("settings: without any configuration they are safe") {
        const Settings settings = made({});
        CHECK(settings.listen == std::vector<std::string>{"127.0.0.1:2121"});
        CHECK(settings.max_clients == 1000);
        CHECK(settings.per_address.max_per_address == 100);
        CHECK(settings.per_address.connect_rate == 50);
        CHECK(settings.idle_timeout == std::chrono::seconds{300});
        CHECK(settings.login_timeout == std::chrono::seconds{60});
        CHECK(settings.run_as == "nobody");
        CHECK(settings.nice == 0);
        CHECK(settings.events == best_backend());
        CHECK(settings.child_events == Backend::poll);
        CHECK(settings.root.find(std::filesystem::current_path().string()) == 0);
        CHECK(settings.anonymous.has(Right::read));
        CHECK(settings.anonymous.has(Right::list));
        CHECK_FALSE(settings.anonymous.may_write());
        CHECK(settings.state.front() == '/');
        CHECK(settings.control == settings.state + "/control");
    }

    TEST_CASE("settings: each directive is taken as it is written") {
        const Settings settings = made({"listen 127.0.0.1:0", "listen [::1]:0", "state /s", "max-clients 0",
                                        "max-per-address 0", "connect-rate 0", "idle-timeout 0", "nice -5",
                                        "events select", "run-as ftp", "root /srv/ftp"});
        CHECK(settings.listen == std::vector<std::string>{"127.0.0.1:0", "[::1]:0"});
        CHECK(settings.state == "/s");
        CHECK(settings.control == "/s/control");
        CHECK(settings.max_clients == client_ceiling);
        CHECK(settings.per_address.max_per_address == 0);
        CHECK(settings.per_address.connect_rate == 0);
        CHECK(settings.idle_timeout.count() == 0);
        CHECK(settings.nice == -5);
        CHECK(settings.events == Backend::select);
        CHECK(settings.child_events == Backend::select);
        CHECK(settings.run_as == "ftp");
        CHECK(settings.root == "/srv/ftp");
        CHECK(made({"state /s", "control /c"}).control == "/c");
    }

    TEST_CASE("settings: what the anonymous may do is one of four words") {
        const auto rights = [](const std::string& word) { return made({"anonymous " + word}).anonymous; };
        CHECK(rights("no").empty());
        for (const Right right : {Right::list, Right::read, Right::create, Right::overwrite, Right::remove,
                                  Right::make_directory})
            CHECK(rights("write").has(right));
        CHECK(rights("upload-only").has(Right::create));
        for (const Right right : {Right::list, Right::read, Right::overwrite, Right::remove})
            CHECK_FALSE(rights("upload-only").has(right));
        for (const Right right : {Right::create, Right::make_directory})
            CHECK(rights("upload-only mkdir").has(right));
        for (const Right right : {Right::list, Right::read, Right::overwrite, Right::remove, Right::rename})
            CHECK_FALSE(rights("upload-only mkdir").has(right));
        for (const char* const wrong : {"read mkdir", "upload-only write", "upload-only mkdir mkdir"})
            CHECK(refusal(std::string{"anonymous "} + wrong) ==
                  "-o: anonymous: takes no, read, write, upload-only, or upload-only mkdir");
        CHECK(refusal("anonymous").find("takes one word") != std::string::npos);
        CHECK(refusal("anonymous yes").find("-o: anonymous: 'yes' is not one of no, read, write") == 0);
    }

    TEST_CASE("settings: a full daemon lets wait or refuses and probes and stops as it is told") {
        CHECK_FALSE(made({}).refuses_when_full);
        CHECK(made({"when-full refuse"}).refuses_when_full);
        CHECK_FALSE(made({"when-full wait"}).refuses_when_full);
        CHECK(refusal("when-full go").find("'go' is not one of wait, refuse") != std::string::npos);
        CHECK(made({}).keepalive.count() == 0);
        CHECK(made({"keepalive 5m"}).keepalive.count() == 300);
        CHECK(refusal("keepalive 32768").find("32767") != std::string::npos);
        CHECK(made({}).stop_grace.count() == 0);
        CHECK(made({"stop-grace 30"}).stop_grace.count() == 30);
    }

    TEST_CASE("settings: what is out of range or relative is refused in plain words") {
        CHECK(refusal("max-clients 16385") ==
              "-o: max-clients: '16385' is not a number of clients: write a number of 0 to 16384");
        CHECK(refusal("idle-timeout -1").find("0 to 1000000") != std::string::npos);
        CHECK(refusal("nice 20") == "-o: nice: '20' is not a priority: write a number of -20 to 19");
        CHECK(refusal("nice -21").find("-20 to 19") != std::string::npos);
        CHECK(refusal("state here") ==
              "-o: state: 'here' is not a directory: write a path that begins with /");
        CHECK(refusal("control \"\"").find("begins with /") != std::string::npos);
        CHECK(refusal("root \"\"").find("-o: root: ") == 0);
        CHECK(refusal("root a b").find("takes one word") != std::string::npos);
        CHECK(refusal("listen").find("takes one word") != std::string::npos);
        CHECK(refusal("events kqueue").find("-o: events: ") == 0);
        CHECK(refusal("run-as").find("-o: run-as: ") == 0);
    }

    TEST_CASE("settings: every row of the table has a name and arguments and help of its own") {
        Settings settings;
        std::set<std::string_view> names;
        for (const Directive& directive : ftpd::directive_table(settings)) {
            CAPTURE(std::string{directive.name});
            CHECK(names.insert(directive.name).second);
            CHECK_FALSE(directive.arguments.empty());
            CHECK_FALSE(directive.help.empty());
            CHECK(directive.set);
            // A fallback must be good itself.
            if (!directive.fallback.empty()) CHECK_NOTHROW(directive.set(split_words(directive.fallback)));
        }
    }
}
