// SPDX-License-Identifier: ISC
// The manuals and the tables and constants of the code say the same: what is in one and not in the other
// fails here. What only a running daemon tells is compared in tests/e2e/common/ctl/ftpctl_test.cc.
#include "tests/manual.hh"

#include "common/beneath.hh"
#include "common/config.hh"
#include "common/control_server.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/errors.hh"
#include "common/options.hh"
#include "common/sandbox.hh"
#include "common/text.hh"
#include "ftpd/session/connection.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/tree.hh"
#include "ftpd/session/verbs.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <sys/select.h>

using common::text;
using tests::heads;
using tests::heads_of;
using tests::Manual;
using tests::usage_of;
using tests::with_argument;

namespace {

std::string without_blanks_at_bars(std::string head) {
    for (std::size_t at = 0; (at = head.find(" | ")) != std::string::npos;) head.replace(at, 3, "|");
    return head;
}

std::string exit_statuses() {
    using common::ExitStatus;
    std::string lines;
    for (const ExitStatus status : {ExitStatus::ok, ExitStatus::failed, ExitStatus::usage})
        lines += text(static_cast<int>(status), '\n');
    return lines;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("ftpd(8) lists the options that ftpd takes") {
        const Manual manual{"ftpd.8"};
        ftpd::FtpdOptions unused;
        const std::vector<common::Option> options = ftpd::ftpd_options(unused);
        CHECK(heads(manual.list_behind("The options are:")) == heads_of(options));
        CHECK(manual.synopsis() == usage_of("ftpd", options, ""));
    }

    TEST_CASE("ftpd.conf(5) lists the directives with their arguments and defaults") {
        std::string documented, declared;
        for (const Manual::Item& item : Manual{"ftpd.conf.5"}.list_behind("The directives are:"))
            documented += text(without_blanks_at_bars(item.head), " = ", item.fallback(), '\n');
        ftpd::Settings unused;
        for (const common::Directive& directive : ftpd::directive_table(unused))
            declared +=
                text(with_argument(directive.name, directive.arguments), " = ", directive.fallback, '\n');
        CHECK(documented == declared);
    }

    TEST_CASE("ftpd.conf(5) tells what SIGHUP changes and what may be given more than once") {
        const Manual manual{"ftpd.conf.5"};
        ftpd::Settings unused;
        std::string changeable;
        for (const common::Directive& directive : ftpd::directive_table(unused)) {
            if (directive.reload == common::Directive::Reload::yes) changeable += text(directive.name, ", ");
            CHECK((directive.repeats == common::Directive::Repeats::yes) ==
                  (directive.name == "listen" || directive.name == "deny" || directive.name == "announce" ||
                   directive.name == "certificate"));
        }
        changeable.resize(changeable.size() - 2);
        changeable.replace(changeable.rfind(','), 1, " and");
        CHECK(manual.says(". " + changeable + " can be changed by SIGHUP."));
        CHECK(manual.says("Only listen, deny, announce and certificate may be given more than once."));
    }

    TEST_CASE("ftpd.conf(5) lists the words of anonymous") {
        std::string words;
        for (const auto& item : Manual{"ftpd.conf.5"}.list_behind(".It Ic anonymous"))
            words += (words.empty() ? "" : "|") + item.head;
        ftpd::Settings unused;
        const auto table = ftpd::directive_table(unused);
        const auto anonymous = std::ranges::find(table, "anonymous", &common::Directive::name);
        REQUIRE(anonymous != table.end());
        CHECK(words == anonymous->arguments);
    }

    TEST_CASE("ftp-verbs(7) lists exactly the verbs with their arguments and help") {
        std::string documented, offered;
        for (const Manual::Item& item : Manual{"ftp-verbs.7"}.list_behind(".Sh DESCRIPTION"))
            documented += text(item.head, ": ", item.text(), '\n');
        for (const ftpd::Verb& verb : ftpd::verb_table())
            offered += text(with_argument(verb.name, verb.syntax), ": ", verb.help, '\n');
        CHECK(documented == offered);
    }

    TEST_CASE("ftp-verbs(7) lists exactly the extensions of FEAT") {
        std::vector<std::string> features{"TVFS", "UTF8"};
        for (const ftpd::Verb& verb : ftpd::verb_table())
            if (!verb.feature.empty()) features.emplace_back(verb.feature);
        std::ranges::sort(features);
        std::string list;
        for (std::size_t i = 0; i < features.size(); ++i)
            list += text(i == 0 ? "" : i + 1 == features.size() ? " and " : ", ", features[i]);
        CHECK(Manual{"ftp-verbs.7"}.says("FEAT lists " + list + ";"));
    }

    TEST_CASE("ftp-verbs(7) tells which verbs need a login and which use up REST and ALLO") {
        const Manual manual{"ftp-verbs.7"};
        std::string_view first, last;
        std::string transfers;
        for (const ftpd::Verb& verb : ftpd::verb_table()) {
            using Kind = ftpd::Verb::Kind;
            if (verb.login == ftpd::LoginNeed::needed) {
                if (first.empty()) first = verb.name;
                last = verb.name;
            }
            if (verb.kind == Kind::transfer || verb.kind == Kind::transfer_in_band ||
                verb.kind == Kind::upload_in_band || verb.kind == Kind::lines_in_band)
                transfers += text(verb.name, ", ");
            CHECK((verb.during_transfer == ftpd::DuringTransfer::answered) ==
                  (verb.name == "ABOR" || verb.name == "STAT" || verb.name == "NOOP"));
        }
        transfers.resize(transfers.size() - 2);
        transfers.replace(transfers.rfind(','), 1, " or");
        CHECK(manual.says(text("The verbs from ", first, " to ", last, " need a login:")));
        CHECK(manual.says("REST and ALLO hold for the next " + transfers + ", which uses them up"));
        CHECK(manual.says("ABOR, STAT and NOOP without an argument are answered at once"));
        CHECK(manual.says(text("it may hold three stars")) == (ftpd::Selection::max_stars == 3));
        for (const std::string_view name : ftpd::fact_names) CHECK(manual.says(std::string{name}));
    }

    TEST_CASE("no verb is both offered and known elsewhere only") {
        for (const ftpd::Verb& verb : ftpd::verb_table()) CHECK(!ftpd::is_known_elsewhere(verb.name));
        for (const std::string_view verb : {"HOST", "LPRT"}) CHECK(ftpd::is_known_elsewhere(verb));
    }

    TEST_CASE("ftpd(8) and ftpd.conf(5) give the limits that the code keeps") {
        const Manual manual{"ftpd.8"}, config{"ftpd.conf.5"};
        const std::string most = text(common::client_ceiling);
        const std::string descriptors = text(common::ResourceLimits{}.open_files, " descriptors");
        CHECK(manual.says(text("a command line, its end not counted ", ftpd::max_line, " bytes")));
        CHECK(manual.says(text("links followed in one path ", common::max_links_followed, " links")));
        CHECK(manual.says(text("at most ", common::max_links_followed, " in one path")));
        CHECK(manual.says("clients, whatever the configuration says " + most + " clients"));
        CHECK(config.says("0 means " + most + ", and no number may be greater"));
        CHECK(config.says(text(FD_SETSIZE, " under select")));
        CHECK(manual.says("descriptors of a session " + descriptors));
        CHECK(manual.says("limits itself to " + descriptors + ", no core file"));
        CHECK(config.says(
            text("A line may have ", common::max_config_line, " bytes, a file ", common::max_config_file)));
    }

    TEST_CASE("ftpctl(8) lists the options that ftpctl takes") {
        const Manual manual{"ftpctl.8"};
        common::CtlOptions unused;
        const std::vector<common::Option> options = common::ctl_options(unused);
        CHECK(heads(manual.list_behind("The options are:")) == heads_of(options));
        CHECK(manual.synopsis() == usage_of("ftpctl", options, common::ctl_operands));
    }

    TEST_CASE("ftpctl(8) gives the limits of the control socket") {
        const Manual manual{"ftpctl.8"};
        CHECK(manual.says(text("A question may have ", common::ControlServer::max_line, " bytes.")));
        CHECK(
            manual.says(text(common::ControlServer::max_clients, " connections are served at once; others")));
    }

    TEST_CASE("the manuals list the exit statuses there are") {
        for (const char* const page : {"ftpd.8", "ftpctl.8"})
            CHECK(heads(Manual{page}.list_behind(".Sh EXIT STATUS")) == exit_statuses());
    }
}
