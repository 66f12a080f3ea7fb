// SPDX-License-Identifier: ISC
// fcp and, under its other name, fls: copies one file from or to an ftpd, or lists what it has, over its
// in-band verbs. A client program; inband_client.hh says how far it trusts the server.
#include "common/address.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp_options.hh"
#include "ftpd/inband_client.hh"
#include "ftpd/local_target.hh"
#include "ftpd/progress.hh"
#include "ftpd/remote_name.hh"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;
using namespace ftpd;

namespace {

// Runs a part of the work; what goes wrong with the server or its answers gets the remote name in front.
template <class Work>
auto about(const RemoteName& remote, Work work) {
    try {
        return work();
    } catch (const PeerError& error) {
        throw PeerError(text(remote.shown(), ": ", error.what()));
    }
}

InBandClient connect(const RemoteName& remote, const FcpOptions& options) {
    const std::vector<Address> addresses = resolve_address(address_text(remote.host, options.port));
    try {
        return InBandClient{addresses};
    } catch (const std::system_error& error) {
        throw UserError(text(error.what(), "\nis ftpd running there? -p selects another port"));
    }
}

void print(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) fail("write", "standard output");
}

void list(const RemoteName& remote, const FcpOptions& options) {
    constexpr std::size_t no_limit = -1;
    const bool is_watched = ::isatty(STDOUT_FILENO) == 1;
    about(remote, [&] {
        connect(remote, options).list(remote.path, [&](std::string_view line) {
            print(is_watched ? escape(line, no_limit) : std::string{line});
            print("\n");
        });
    });
    if (std::fflush(stdout) != 0) fail("write", "standard output");
}

void get(const RemoteName& remote, const std::string& local, const FcpOptions& options) {
    std::error_code ignored; // what cannot be looked at cannot be written to either, and that says more
    const bool is_directory = local != "-" && std::filesystem::is_directory(local, ignored);
    const std::string target = local_target(local, is_directory, remote);
    about(remote, [&] {
        InBandClient client = connect(remote, options);
        const std::uint64_t size = client.start_get(remote.path);
        const bool hides_output = target == "-" && ::isatty(STDOUT_FILENO) == 1;
        Progress progress{!options.quiet && !hides_output && ::isatty(STDERR_FILENO) == 1, remote.path, size};
        LocalTarget file{target};
        client.receive([&](std::string_view bytes) {
            file.write(bytes);
            progress.add(bytes.size());
        });
        file.complete();
        progress.finish();
    });
}

void put(const std::string& local, const RemoteName& remote, const FcpOptions& options) {
    const std::string path = remote_target(remote, local);
    const bool is_input = local == "-";
    const Fd file{checked("open", local, [&] {
        return is_input ? ::dup(STDIN_FILENO) : ::open(local.c_str(), O_RDONLY | O_CLOEXEC);
    })};
    struct stat status {};
    checked("look at", local, [&] { return ::fstat(file.get(), &status); });
    if (S_ISDIR(status.st_mode))
        throw UserError(text(escape(local), " is a directory: fcp copies single files"));
    // A pipe or a device says its size no more than standard input does.
    std::optional<std::uint64_t> size;
    if (!is_input && S_ISREG(status.st_mode)) size = static_cast<std::uint64_t>(status.st_size);
    about(remote, [&] {
        InBandClient client = connect(remote, options);
        client.start_put(path, size);
        Progress progress{!options.quiet && ::isatty(STDERR_FILENO) == 1, path, size};
        client.send([&](std::span<char> into) {
            const auto got =
                checked("read", local, [&] { return ::read(file.get(), into.data(), into.size()); });
            progress.add(static_cast<std::size_t>(got));
            return static_cast<std::size_t>(got);
        });
        progress.finish();
    });
}

void run_fls(const std::vector<std::string>& operands, const FcpOptions& options) {
    if (operands.size() != 1) throw UsageError("name one remote path, as HOST:PATH: see -h");
    const std::optional<RemoteName> remote = parse_remote_name(operands[0]);
    if (!remote)
        throw UsageError(text(escape(operands[0]), " is local: write HOST:PATH, or HOST: for the top"));
    list(*remote, options);
}

void run_fcp(const std::vector<std::string>& operands, const FcpOptions& options) {
    if (operands.size() != 2) throw UsageError("name a source and a target, one as HOST:PATH: see -h");
    const std::optional<RemoteName> from = parse_remote_name(operands[0]);
    const std::optional<RemoteName> to = parse_remote_name(operands[1]);
    if (from && to) throw UsageError("both names are remote: copy to a local file first");
    if (from) return get(*from, operands[1], options);
    if (to) return put(operands[0], *to, options);
    throw UsageError("both names are local: cp(1) copies those; a remote one is HOST:PATH");
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view path = argv[0];
    const std::string program{path.substr(path.rfind('/') + 1)};
    return report_errors(program, [&] {
        const bool lists = program == "fls";
        FcpOptions options;
        const std::vector<Option> table = lists ? fls_options(options) : fcp_options(options);
        const std::vector<std::string> operands = parse_options(argc, argv, table);
        if (options.action == FcpOptions::Action::show_version)
            return std::printf("%s %s\n", program.c_str(), SUITE_VERSION), 0;
        if (options.action == FcpOptions::Action::show_usage)
            return std::printf("%s", usage_text(program, table, lists ? fls_operands : fcp_operands).c_str()),
                   0;
        (lists ? run_fls : run_fcp)(operands, options);
        return 0;
    });
}
