// SPDX-License-Identifier: ISC
// chatd, the chat server. Start reading here: options, configuration, leaving the terminal, and what the
// keeper (common/keeper/keeper.cc) is to open and to run: the hub (hub.cc), the spawner (spawner.cc) and
// authd. Under the name chatd-spawner this program is the spawner.
#include "chatd/handler/handler.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/typed/typed_conversation.hh"
#include "chatd/hub/hub.hh"
#include "chatd/settings.hh"
#include "chatd/spawner/execute.hh"
#include "chatd/spawner/spawner.hh"
#include "common/authd/authd_process.hh"
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
#include "common/privileges.hh"
#include "common/tls/tls_process.hh"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <unistd.h>
#include <vector>

using namespace common;
using Action = DaemonOptions::Action;

namespace {

// Of what root opens by a path, which the hub's user must not choose.
void check_places(const chatd::Settings& settings, const DaemonOptions& options) {
    const std::optional<DaemonUsers> users = find_users(settings, chatd::main_user_directive);
    if (!users) return;
    const std::string config = options.file.empty() ? "" : std::filesystem::absolute(options.file).string();
    std::vector<OwnFile> places{{"the configuration", config},
                                {"users", settings.users},
                                {"log", settings.log},
                                {"pid-file", settings.pid_file}};
    for (const CertificateFiles& files : settings.tls.certificates) {
        places.push_back({"certificate", files.certificate});
        places.push_back({"the key of a certificate", files.key});
    }
    require_outside(settings.state, users->main, places);
}

void add(std::vector<Note>& notes, const std::vector<Note>& more) {
    notes.insert(notes.end(), more.begin(), more.end());
}

std::vector<GroupPlace> sockets_of(const chatd::Settings& settings) {
    if (!settings.notices) return {};
    return {*settings.notices};
}

// -n: what a start would find, said here.
int check(const DaemonOptions& options, const Invocation& invocation) {
    const chatd::Settings settings = chatd::make_settings(read_config(options.file, options.lines));
    change_priority(settings.nice, own_priority());
    check_places(settings, options);
    chatd::check_start(settings);
    std::vector<Note> notes = chatd::notes_on_irc(settings);
    if (const auto users = find_users(settings, chatd::main_user_directive))
        add(notes,
            notes_on_owner(users->main, chatd::main_user_directive, settings.state, sockets_of(settings)));
    if (!settings.tls.certificates.empty())
        add(notes, check_certificates(*open_tls_program(invocation.path()), settings.tls.certificates));
    for (const Note& note : notes) std::fprintf(stderr, "chatd: %s\n", note.text.c_str());
    return std::printf("chatd: configuration is good\n"), 0;
}

// What the keeper opens and runs. Of what only a start can change, paths are as they were found then.
Plan make_plan(Duties::Lines lines, const chatd::Settings& first, const DaemonOptions& options,
               const Executable& program, const std::shared_ptr<const Executable>& tls,
               std::span<const Identity> known) {
    chatd::Settings settings = chatd::make_settings(lines);
    settings.users = first.users;
    settings.tls.certificates = first.tls.certificates;
    const bool foreground = options.foreground;
    chatd::Hub::Start start{.foreground = foreground, .program = program.path()};
    const std::optional<DaemonUsers> users = find_users(settings, chatd::main_user_directive, known);
    Plan plan;
    plan.settings = static_cast<const DaemonSettings&>(settings);
    std::optional<Identity> hub; // whom it and the spawner become
    if (users) {
        plan.users = {users->main, users->children};
        start.identity = users->children;
        plan.owner = hub = users->main;
        plan.children_user = users->children;
    }
    plan.group_sockets = sockets_of(settings);
    if (foreground) plan.opened[std::string{chatd::label_of_terminal}] = chatd::open_console;
    plan.processes.push_back({.role = "hub", .body = [settings, start, hub](Birth birth) {
                                  KeeperLink keeper{std::move(birth.keeper)};
                                  if (hub) become(*hub);
                                  Log log{"chatd", "hub", Log::Place::of(settings.log, start.foreground),
                                          settings.log_level, keeper.take(label_of_log).fd};
                                  return chatd::Hub{keeper, settings, log, start}.run();
                              }});
    plan.processes.push_back({.role = std::string{chatd::label_of_spawner},
                              .body = [&program, foreground, hub](Birth birth) -> int {
                                  chatd::execute_spawner(program, birth.main, foreground, hub);
                              },
                              .is_needed = true,
                              .executes = program.fd()});
    if (auto authd = chatd::authd_settings(settings)) add_authd(plan, *std::move(authd), users);
    if (tls) add_tls(plan, tls, settings.tls.certificates, users);
    return plan;
}

std::vector<ConfigLine> merge(Duties::Lines old, Duties::Lines given, std::vector<std::string>& ignored) {
    chatd::Settings scratch;
    chatd::make_settings(given); // so that what only a start can change is checked, too
    return merge_for_reload(old, given, chatd::directive_table(scratch), ignored);
}

int serve(const DaemonOptions& options, const Invocation& invocation, std::optional<Paper> paper) {
    const Executable program = own_program(invocation, paper);
    chatd::Settings settings;
    const bool goes_on = paper && !paper->is_for_trial(); // with what was checked on trial
    const std::vector<Identity> known = paper ? paper->users : std::vector<Identity>{};
    std::shared_ptr<const Executable> tls; // the program
    const auto plan = [&](Duties::Lines lines) {
        return make_plan(lines, settings, options, program, tls, known);
    };
    const auto read = [&](Duties::Lines lines) -> const DaemonSettings& {
        settings = chatd::make_settings(lines);
        if (!goes_on) check_places(settings, options);
        settings.users = real_user_file(settings.users, goes_on);
        if (!settings.tls.certificates.empty()) tls = open_tls_program(invocation.path(), goes_on);
        return settings;
    };
    const auto check = [&] {
        chatd::check_start(settings);
        std::vector<Note> notes = chatd::notes_on_irc(settings);
        if (tls) add(notes, check_certificates(*tls, settings.tls.certificates));
        return notes;
    };
    return start_daemon({{"chatd", SUITE_VERSION, plan, merge}, read, check}, options, invocation,
                        std::move(paper));
}

int run_program(int argc, char** argv) {
    DaemonOptions options;
    const std::vector<Option> table = daemon_options(options);
    if (!parse_options(argc, argv, table).empty()) throw UsageError("chatd takes options only: see -h");
    if (options.action == Action::show_usage)
        return std::printf("%s", usage_text("chatd", table, "").c_str()), 0;
    if (options.action == Action::show_version) return std::printf("chatd %s\n", SUITE_VERSION), 0;
    std::optional<Paper> paper = take_paper();
    const Invocation invocation = own_invocation({argv, static_cast<std::size_t>(argc)}, paper);
    if (options.action == Action::check) return check(options, invocation);
    return serve(options, invocation, std::move(paper));
}

// The one place that knows which kinds of conversation there are.
std::unique_ptr<chatd::Conversation> make_conversation(const chatd::HandlerSide& side,
                                                       const chatd::HandlerParts& parts) {
    if (parts.front != chatd::Front::typed)
        return std::make_unique<chatd::irc::IrcConversation>(side, parts.lines_at_once,
                                                             parts.front == chatd::Front::irc_with_accounts);
    return std::make_unique<chatd::TypedConversation>(side, parts.catalogues, parts.language,
                                                      parts.lines_at_once);
}

int run_handler(chatd::HandlerParts parts) {
    chatd::Handler handler{{parts.events, parts.idle_timeout},
                           std::move(parts.client),
                           std::move(parts.pair),
                           parts.page,
                           [&](const chatd::HandlerSide& side) { return make_conversation(side, parts); }};
    const int status = handler.run();
    // Standard error is the pair, too, whose end the hub must hear before the client hears that of its
    // connection: its name is free by then.
    (void)::dup2(STDIN_FILENO, STDERR_FILENO);
    return status;
}

} // namespace

int main(int argc, char** argv) {
    if (argv[0] == chatd::spawner_name)
        return report_errors("spawner", [&] {
            chatd::become_spawners_user(std::span{argv, static_cast<std::size_t>(argc)});
            return chatd::Spawner{Fd{chatd::spawner_fd}, argc > 1 ? argv[1] : "", run_handler}.run();
        });
    return report_errors("chatd", [&] {
        open_standard_descriptors();
        return run_program(argc, argv);
    });
}
