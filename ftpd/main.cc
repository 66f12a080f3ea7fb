// SPDX-License-Identifier: ISC
// ftpd, the file server. Start reading here: options, configuration, leaving the terminal, and what the
// keeper (common/keeper/keeper.cc) is to open and to run: the parent (parent.cc), which forks a session
// (session.cc) for each client, authd and the sweeper; or, with -i, one session (inetd.cc).
#include "common/authd/authd_process.hh"
#include "common/child_rights.hh"
#include "common/config.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/hand_over.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/keeper/start.hh"
#include "common/log.hh"
#include "common/options.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"
#include "ftpd/confinement.hh"
#include "ftpd/parent/inetd.hh"
#include "ftpd/parent/parent.hh"
#include "ftpd/parent/start_checks.hh"
#include "ftpd/parent/sweeper.hh"
#include "ftpd/settings.hh"

#include <cstdio>
#include <memory>
#include <optional>
#include <span>

using namespace common;
using Action = DaemonOptions::Action;

namespace {

ftpd::Serves serves(const ftpd::FtpdOptions& options) {
    return options.one_client ? ftpd::Serves::one_client : ftpd::Serves::many;
}

// -n: what a start would find, said here.
int check(const ftpd::FtpdOptions& options, const ftpd::Settings& settings, const Invocation& invocation) {
    change_priority(settings.nice, own_priority());
    std::vector<common::Note> notes = check_start(settings, serves(options));
    if (!options.one_client) {
        if (const auto users = find_users(settings, ftpd::main_user_directive))
            for (common::Note& note :
                 notes_on_owner(users->main, ftpd::main_user_directive, settings.state, {}))
                notes.push_back(std::move(note));
        if (!settings.tls.certificates.empty())
            for (common::Note& note :
                 check_certificates(*open_tls_program(invocation.path()), settings.tls.certificates))
                notes.push_back(std::move(note));
    }
    for (const common::Note& note : notes) std::fprintf(stderr, "ftpd: %s\n", note.text.c_str());
    std::printf("ftpd: configuration is good\n");
    return 0;
}

int serve_one(const DaemonOptions& options, const ftpd::Settings& settings) {
    Log log{"ftpd", "inetd", Log::Place::of(settings.log, options.foreground), settings.log_level};
    check_start(settings, ftpd::Serves::one_client); // what is no fault is for -n, not for each client
    return ftpd::serve_standard_input(settings, log);
}

// What the keeper opens and runs. Of what only a start can change, paths are as they were found then: a
// relative one would be another by now, since a daemon leaves its folder.
Plan make_plan(Duties::Lines lines, const ftpd::Settings& first, const std::shared_ptr<const Executable>& tls,
               bool foreground, std::span<const Identity> known) {
    ftpd::Settings settings = ftpd::make_settings(lines);
    settings.root = first.root;
    settings.users = first.users;
    settings.tls.certificates = first.tls.certificates;
    const std::optional<DaemonUsers> users = find_users(settings, ftpd::main_user_directive, known);
    std::optional<Identity> identity; // of sessions
    Plan plan;
    if (users) {
        identity = users->children;
        plan.users = {users->main, users->children};
        plan.children_user = users->children;
    }
    plan.settings = static_cast<const DaemonSettings&>(settings);
    if (!settings.xferlog.empty())
        plan.opened[std::string{ftpd::label_of_xferlog}] = [path = settings.xferlog] {
            return ftpd::Xferlog::open(path);
        };
    if (users)
        plan.on_request[text("parent ", ftpd::label_of_root)] = [settings] {
            return ftpd::open_root(settings);
        };
    if (users) plan.opened_for_trial.push_back(text("parent ", ftpd::label_of_root));
    for (const ftpd::Announcement& rule : settings.announcements)
        plan.on_request[text("parent ", ftpd::label_of_announcement, rule.control)] = [path = rule.control] {
            return start_connect(Address::of_path(path));
        };

    plan.processes.push_back({.role = "parent", .body = [settings, users, identity, foreground](Birth birth) {
                                  KeeperLink keeper{std::move(birth.keeper)};
                                  if (users) become_maker_of_children(users->main);
                                  discard_standard_input_and_output();
                                  Log log{"ftpd", "parent", Log::Place::of(settings.log, foreground),
                                          settings.log_level, keeper.take(label_of_log).fd};
                                  return ftpd::Parent{keeper, settings, identity, log}.run(foreground);
                              }});
    if (!settings.users.empty()) add_authd(plan, ftpd::authd_settings(settings), users);
    if (tls) add_tls(plan, tls, settings.tls.certificates, users);
    if (settings.keep_partials.count() != 0)
        plan.processes.push_back(
            {.role = std::string{ftpd::label_of_sweeper},
             .body = [settings](Birth birth) { return ftpd::run_sweeper(settings, std::move(birth.main)); },
             .pause = std::chrono::hours{24},
             .ends_by_itself = true});
    return plan;
}

std::vector<ConfigLine> merge(Duties::Lines old, Duties::Lines given, std::vector<std::string>& ignored) {
    ftpd::Settings scratch;
    std::vector<ConfigLine> merged = merge_for_reload(old, given, ftpd::directive_table(scratch), ignored);
    ftpd::make_settings(given); // so that what only a start can change is checked, too
    return merged;
}

int serve(const DaemonOptions& options, const Invocation& invocation, std::optional<Paper> paper) {
    ftpd::Settings settings;
    const bool goes_on = paper && !paper->is_for_trial(); // with what was checked on trial
    const std::vector<Identity> known = paper ? paper->users : std::vector<Identity>{};
    std::shared_ptr<const Executable> tls; // the program
    const auto plan = [&](Duties::Lines lines) {
        return make_plan(lines, settings, tls, options.foreground, known);
    };
    const auto read = [&](Duties::Lines lines) -> const DaemonSettings& {
        settings = ftpd::make_settings(lines);
        settings.users = real_user_file(settings.users, goes_on);
        if (!settings.tls.certificates.empty()) tls = open_tls_program(invocation.path(), goes_on);
        return settings;
    };
    const auto check = [&] {
        std::vector<common::Note> notes = check_start(settings, ftpd::Serves::many);
        if (tls)
            for (common::Note& note : check_certificates(*tls, settings.tls.certificates))
                notes.push_back(std::move(note));
        return notes;
    };
    return start_daemon({{"ftpd", SUITE_VERSION, plan, merge}, read, check}, options, invocation,
                        std::move(paper));
}

} // namespace

int main(int argc, char** argv) {
    return report_errors("ftpd", [&] {
        open_standard_descriptors();
        std::optional<Paper> paper = take_paper();
        ftpd::FtpdOptions options;
        const std::vector<Option> table = ftpd::ftpd_options(options);
        if (!parse_options(argc, argv, table).empty()) throw UsageError("ftpd takes options only: see -h");
        if (options.action == Action::show_usage)
            return std::printf("%s", usage_text("ftpd", table, "").c_str()), 0;
        if (options.action == Action::show_version) return std::printf("ftpd %s\n", SUITE_VERSION), 0;
        const Invocation invocation = own_invocation({argv, static_cast<std::size_t>(argc)}, paper);
        if (options.action == Action::run && !options.one_client)
            return serve(options, invocation, std::move(paper));

        const ftpd::Settings settings = ftpd::make_settings(read_config(options.file, options.lines));
        if (options.action == Action::check) return check(options, settings, invocation);
        return serve_one(options, settings);
    });
}
