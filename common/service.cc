// SPDX-License-Identifier: ISC
#include "common/service.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <csignal>
#include <utility>

namespace common {

Service::Service(const DaemonOptions& options, std::vector<ConfigLine> config, const DaemonSettings& settings,
                 Log& log)
    : options_(options),
      config_(std::move(config)),
      settings_(settings),
      log_(log),
      state_(settings.state),
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD},
      loop_(settings.events) {
    loop_.survive([this](const std::exception& error) { log_.error(text("passed over: ", error.what())); });
}

void Service::open(Duties duties) {
    duties_ = std::move(duties);
    std::vector<ControlVerb> verbs = std::exchange(duties_.verbs, {});
    verbs.push_back({"reload", "", "read the configuration again, as SIGHUP does",
                     [this](Words) { return ControlAnswer{reload()}; }});
    verbs.push_back({"shutdown", "[MESSAGE]", "stop, with a message to the clients",
                     [this](Words words) { return shut_down(unquote(words[0])), ControlAnswer{}; }, true});
    control_.emplace(loop_, settings_.control, std::move(verbs));
}

void Service::tell_ready(std::string_view places, const OnReady& on_ready) {
    notify_service_manager("READY=1");
    on_ready(places);
}

void Service::wait(bool may_wait) {
    try {
        loop_.run_once(signals_.while_waiting(), may_wait);
    } catch (const std::exception& error) {
        log_.error(text("cannot go on: ", error.what()));
        throw;
    }
}

void Service::heed_signals() {
    if (signals_.take(SIGCHLD)) attempt([this] { duties_.on_child_end(); });
    if (signals_.take(SIGUSR1)) attempt([this] { report_status(); });
    if (signals_.take(SIGHUP)) reload_as_told();
    if (signals_.take(SIGTERM) || signals_.take(SIGINT)) stopping_ = true;
}

void Service::report_status() {
    for (const std::string& line : duties_.status()) log_.notice(line);
}

std::vector<std::string> Service::reload() {
    log_.reopen();
    const std::vector<ConfigLine> given = read_config(options_.file, options_.lines);
    std::vector<std::string> ignored;
    std::vector<ConfigLine> merged = duties_.merge(config_, given, ignored);
    std::vector<std::string> told = duties_.apply(merged);
    config_ = std::move(merged);
    for (const std::string& name : ignored) {
        told.push_back(text("a change of '", name, "' waits for the next start"));
        log_.warning(told.back());
    }
    log_.notice(duties_.reloaded);
    log_.set_least(settings_.log_level);
    return told;
}

// Whoever sends a signal sees no answer but the log.
void Service::reload_as_told() {
    try {
        reload();
    } catch (const std::exception& error) {
        log_.error(text("configuration not read again, the old one stays: ", error.what()));
    }
}

void Service::shut_down(const std::string& words) {
    std::string safe = duties_.make_safe(words);
    if (safe.size() > duties_.max_farewell)
        throw UserError(text("the message is too long: ", duties_.max_farewell, " bytes at most"));
    farewell_ = std::move(safe);
    log_.notice("shutdown by administrator");
    stopping_ = true;
}

void Service::begin_stop(std::size_t clients) {
    log_.notice(text("stopping, clients ", clients));
    notify_service_manager("STOPPING=1");
}

void Service::end_stop() {
    control_connections_ = control_->close();
    log_.notice("stopped");
}

} // namespace common
