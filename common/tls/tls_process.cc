// SPDX-License-Identifier: ISC
#include "common/tls/tls_process.hh"

#include "common/aside.hh"
#include "common/children.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

constexpr int keeper_fd = 3, pair_fd = 4; // in the program
constexpr std::size_t first_file = 6;     // of its arguments

Fd open_file(std::string_view what, const std::string& path) {
    return Fd{checked(text("open the ", what), path,
                      [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); })};
}

// Another one when somebody has put another file there, or written to it.
std::string state_of(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return "none";
    std::string all;
    for (const auto& [seconds, rest] : {std::pair{found.st_mtim.tv_sec, found.st_mtim.tv_nsec},
                                        std::pair{found.st_ctim.tv_sec, found.st_ctim.tv_nsec}})
        all += text(seconds, '.', rest, ' ');
    return all + text(found.st_dev, ' ', found.st_ino, ' ', found.st_size, ' ');
}

std::vector<std::string> arguments_of_check(const std::vector<CertificateFiles>& certificates) {
    std::vector<std::string> arguments{std::string{tls_program}, std::string{tls_check}};
    for (const CertificateFiles& files : certificates)
        arguments.insert(arguments.end(), {files.certificate, files.key});
    return arguments;
}

void add_identity(std::vector<std::string>& arguments, const std::optional<Identity>& user) {
    arguments.push_back(text(user ? user->uid : 0));
    arguments.push_back(text(user ? user->gid : 0));
}

std::optional<Identity> read_identity(const char* uid, const char* gid) {
    const auto user = parse_number<uid_t>(uid);
    const auto group = parse_number<gid_t>(gid);
    if (!user || !group || (*user == 0) != (*group == 0)) throw UsageError("the keeper names no user");
    if (*user == 0) return {};
    return Identity{*user, *group, uid};
}

} // namespace

std::string find_tls_program(const std::string& daemon) {
    const std::string folder = daemon.substr(0, daemon.rfind('/') + 1);
    for (const std::string& path : {text(folder, tls_program), text(folder, "../libexec/", tls_program)})
        if (::access(path.c_str(), X_OK) == 0) return path;
    throw UserError(text("there is no program ", tls_program, " beside ", daemon, " or in ", folder,
                         "../libexec: install libgnutls28-dev and build again"));
}

std::shared_ptr<const Executable> open_tls_program(const std::string& daemon, bool goes_on) {
    try {
        return std::make_shared<const Executable>(find_tls_program(daemon));
    } catch (const std::exception&) {
        if (!goes_on) throw;
        return nullptr;
    }
}

void execute_tls(const Executable& program, const TlsOrders& orders) {
    // Out of the way of the numbers that are wanted.
    const auto high = [](int fd) {
        return checked("duplicate", "a pair", [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 16); });
    };
    const Fd keeper{high(orders.keeper.get())}, pair{high(orders.pair.get())};
    const int file = program.fd() >= 0 ? high(program.fd()) : -1;
    checked("duplicate", "the keeper's pair", [&] { return ::dup2(keeper.get(), keeper_fd); });
    checked("duplicate", "the pair", [&] { return ::dup2(pair.get(), pair_fd); });
    close_other_descriptors(
        std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, keeper_fd, pair_fd, program.fd(), file});
    Signals::let_all_in();
    std::vector<std::string> arguments{std::string{tls_program}, orders.role};
    add_identity(arguments, orders.self);
    add_identity(arguments, orders.relays);
    arguments.insert(arguments.end(), orders.files.begin(), orders.files.end());
    program.execute(arguments);
}

TlsOrders read_tls_orders(std::span<char* const> arguments) {
    if (arguments.size() < first_file) throw UsageError("suite-tls is started by ftpd and chatd");
    TlsOrders orders{.role = arguments[1],
                     .keeper = Fd{keeper_fd},
                     .pair = Fd{pair_fd},
                     .self = read_identity(arguments[2], arguments[3]),
                     .relays = read_identity(arguments[4], arguments[5])};
    orders.files.assign(arguments.begin() + first_file, arguments.end());
    for (const int fd : {keeper_fd, pair_fd}) set_close_on_exec(fd);
    return orders;
}

std::vector<CertificateFiles> read_tls_check(std::span<char* const> arguments) {
    std::vector<CertificateFiles> all;
    for (std::size_t i = 2; i + 1 < arguments.size(); i += 2) all.push_back({arguments[i], arguments[i + 1]});
    return all;
}

void execute_tls_make(const std::string& own_path, std::string_view name,
                      std::span<const std::string> words) {
    std::vector<std::string> arguments{std::string{tls_program}, std::string{tls_make}, std::string{name}};
    arguments.insert(arguments.end(), words.begin(), words.end());
    Executable{find_tls_program(own_path)}.execute(arguments);
}

std::vector<Note> check_certificates(const Executable& program,
                                     const std::vector<CertificateFiles>& certificates) {
    const std::vector<std::string> arguments = arguments_of_check(certificates);
    int ends[2]{};
    checked("make a pipe", {}, [&] { return ::pipe(ends); });
    Fd reading{ends[0]}, writing{ends[1]};
    const pid_t pid = checked("fork", tls_program, [] { return ::fork(); });
    if (pid == 0)
        ::_exit(report_errors(tls_program, [&]() -> int {
            checked("duplicate", "a pipe", [&] { return ::dup2(writing.get(), STDOUT_FILENO); });
            close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, program.fd()});
            Signals::let_all_in();
            program.execute(arguments);
        }));
    writing.reset();
    std::string said;
    std::array<char, 4096> piece{};
    for (IoResult got; (got = read_some(reading.get(), piece)).state == IoState::done;)
        if (said.size() < max_answer) said.append(piece.data(), got.bytes);
    int status = 0;
    checked("wait for", tls_program, [&] { return ::waitpid(pid, &status, 0); });
    if (!said.empty() && said.back() == '\n') said.pop_back();
    if (status != 0)
        throw UserError(
            text("certificate: ", said.empty() ? describe_status(status) : keep_to_one_line(said)));
    std::vector<Note> notes;
    for (const std::string& line : split_lines(said)) notes.push_back({Severity::warning, line});
    return notes;
}

void add_tls(Plan& plan, const std::shared_ptr<const Executable>& program,
             const std::vector<CertificateFiles>& certificates, const std::optional<DaemonUsers>& users) {
    std::vector<std::string> names, keys;
    std::string reads; // both are made anew, whichever file is another: the one would not go with the other
    for (const CertificateFiles& files : certificates) {
        const std::size_t number = names.size();
        names.push_back(files.certificate);
        keys.push_back(files.key);
        reads += state_of(files.certificate) + state_of(files.key);
        plan.on_request[text(label_of_tlsd, ' ', label_of_certificate, number)] = [path = files.certificate] {
            return open_file("certificate", path);
        };
        plan.on_request[text(label_of_keyd, ' ', label_of_key, number)] = [path = files.key] {
            return open_file("key", path);
        };
    }
    std::optional<Identity> self, relays;
    if (users) self = users->main, relays = users->children;
    const auto process = [&](std::string_view role, const std::vector<std::string>& files) {
        return LastingProcess{
            .role = std::string{role},
            .body = [program, role = std::string{role}, self, relays, files](Birth birth) -> int {
                execute_tls(*program,
                            {role, std::move(birth.keeper), std::move(birth.main), self, relays, files});
            },
            .is_needed = true,
            .executes = program->fd(),
            .outlives_upgrade = true,
            .reads = reads};
    };
    plan.processes.push_back(process(label_of_keyd, keys));
    plan.processes.back().user = label_of_tlsd;
    plan.processes.push_back(process(label_of_tlsd, names));
    plan.look = Look{program, arguments_of_check(certificates), "certificate"};
}

} // namespace common
