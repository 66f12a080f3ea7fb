// SPDX-License-Identifier: ISC
// chatd, the chat server. Start reading here: options, the spawner (spawner.cc), which is executed anew
// before anything secret is read, configuration, and the hub's loop (hub.cc). Under the name chatd-spawner
// this program is that spawner.
#include "chatd/handler/handler.hh"
#include "chatd/hub/hub.hh"
#include "chatd/hub/spawner_link.hh"
#include "chatd/settings.hh"
#include "chatd/spawner/spawner.hh"
#include "common/config.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/log.hh"
#include "common/options.hh"
#include "common/pid_file.hh"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <unistd.h>

using namespace common;
using Action = DaemonOptions::Action;

namespace {

// What to execute for a spawner, whatever the working directory will be: a name without a slash is looked up
// in PATH, as the shell did.
std::string own_program(const std::string& name) {
    return name.find('/') == name.npos ? name : std::filesystem::absolute(name).string();
}

int serve(const DaemonOptions& options, const std::string& program) {
    std::optional<Detachment> detachment;
    if (!options.foreground) detachment = Detachment::leave_terminal();
    chatd::SpawnerLink spawner{program, options.foreground};

    std::vector<ConfigLine> config = read_config(options.file, options.lines);
    chatd::Settings settings = chatd::make_settings(config);
    change_priority(settings.nice);
    Log log{"chatd", "hub", Log::Place::of(settings.log, options.foreground), settings.log_level};
    const std::string control = settings.control;
    const std::string pid_path = settings.pid_file;
    chatd::check_start(settings);
    chatd::Hub hub{options, std::move(config), std::move(settings), log, spawner};
    const PidFile pid_file{pid_path}; // once the state's lock is ours
    return hub.run([&](std::string_view places) {
        tell_ready(detachment ? &*detachment : nullptr, log, {"chatd", places, control});
    });
}

int run_program(int argc, char** argv) {
    DaemonOptions options;
    const std::vector<Option> table = daemon_options(options);
    if (!parse_options(argc, argv, table).empty()) throw UsageError("chatd takes options only: see -h");
    if (options.action == Action::show_usage)
        return std::printf("%s", usage_text("chatd", table, "").c_str()), 0;
    if (options.action == Action::show_version) return std::printf("chatd %s\n", SUITE_VERSION), 0;
    if (options.action == Action::check) {
        const chatd::Settings settings = chatd::make_settings(read_config(options.file, options.lines));
        change_priority(settings.nice);
        chatd::check_start(settings);
        return std::printf("chatd: configuration is good\n"), 0;
    }
    return serve(options, own_program(argv[0]));
}

int run_handler(chatd::HandlerParts parts) {
    chatd::Handler handler{{parts.events, parts.idle_timeout, parts.language, parts.lines_at_once},
                           parts.catalogues,
                           std::move(parts.client),
                           std::move(parts.pair),
                           parts.page};
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
            return chatd::Spawner{Fd{chatd::spawner_fd}, argc > 1 ? argv[1] : "", run_handler}.run();
        });
    return report_errors("chatd", [&] {
        open_standard_descriptors();
        return run_program(argc, argv);
    });
}
