// SPDX-License-Identifier: ISC
// suite-tls: TLS for the daemons and the clients, in processes of its own, which alone link a TLS library.
// Started by a daemon's keeper, it is keyd, which holds the private keys, or tlsd, which holds the
// certificates and forks a relay for each client. Started by a client program, it is that one's relay.
#include "common/child_rights.hh"
#include "common/daemon.hh"
#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/sandbox.hh"
#include "common/secret.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/check/certificate_check.hh"
#include "common/tls/client/client_relay.hh"
#include "common/tls/gnutls/certificates.hh"
#include "common/tls/gnutls/server_proof.hh"
#include "common/tls/keyd/keyd.hh"
#include "common/tls/make/certificate_maker.hh"
#include "common/tls/relay/signer.hh"
#include "common/tls/secured_connection.hh"
#include "common/tls/tls_process.hh"
#include "common/tls/tlsd/tlsd.hh"

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <unistd.h>

using namespace common;

namespace {

// Of what the keeper has opened. The caller erases what is secret.
std::string read_all(const Fd& file) {
    std::string content(max_pem, '\0');
    std::size_t size = 0;
    for (;;) {
        const IoResult got = read_some(file.get(), std::span{content}.subspan(size));
        if (got.state != IoState::done) break;
        size += got.bytes;
        if (size == max_pem) throw UserError("it is too large for what it should be");
    }
    content.resize(size);
    return content;
}

// Each of the files in its order. Throws UserError with its name.
void read_files(KeeperLink& keeper, std::string_view label, const std::vector<std::string>& files,
                const std::function<void(std::string_view content)>& use) {
    for (std::size_t number = 0; number < files.size(); ++number) {
        try {
            std::string content = read_all(keeper.want_now(text(label, number)));
            use(content);
            erase_bytes(content);
        } catch (const std::exception& error) {
            throw UserError(text(files[number], ": ", error.what()));
        }
    }
}

// What is wrong at a start, or another start after a death, is for the log, too.
template <class Body>
int tell_errors(const Fd& pair, bool is_tlsd, const Body& body) {
    const int own = pair.get();
    try {
        return body();
    } catch (const std::exception& error) {
        const std::string line = std::string{error.what()}.substr(0, max_tls_text);
        if (!pair) throw;
        if (is_tlsd)
            send_tls_frame(own, {.word = TlsWord::note,
                                 .number = static_cast<std::uint32_t>(Severity::error),
                                 .bytes = line});
        else
            send_packet(own, line + '\n');
        throw;
    }
}

// What both need no more; from now on what they complain of goes to the other end of their pair.
void shut_in(const Fd& pair) {
    point_errors_at(pair.get());
    discard_standard_input_and_output();
    hide_memory();
    limit_resources({.core_bytes = 0, .open_files = RLIM_INFINITY, .processes = RLIM_INFINITY});
    forbid_new_privileges();
    restrict_files(-1, TreeAccess::none);
}

int run_keyd(TlsOrders& orders) {
    hide_memory();
    KeeperLink keeper{std::move(orders.keeper)};
    std::vector<PrivateKey> keys;
    read_files(keeper, label_of_key, orders.files, [&](std::string_view pem) { keys.emplace_back(pem); });
    if (orders.self) become(*orders.self);
    shut_in(orders.pair);
    deny_calls(DeniedCalls::also_both);
    raise_descriptor_limit(); // one for each relay
    return Keyd{std::move(keys), std::move(orders.pair)}.run();
}

// It has no certificate before keyd has shown that it has its key.
int run_tlsd(TlsOrders& orders) {
    KeeperLink keeper{std::move(orders.keeper)};
    Fd keyd = keeper.take(label_of_keyd).fd;
    if (!keyd) throw UserError("keyd is not there");
    auto [ours, theirs] = make_packet_pair();
    const TlsFrame wish{.word = TlsWord::signer, .bytes = std::string{label_of_tlsd}};
    if (send_tls_frame(keyd.get(), wish, theirs.get()) != IoState::done) throw UserError("keyd has ended");
    theirs.reset();
    Certificates certificates{[signer = std::make_shared<Signer>(std::move(ours), -1)](
                                  std::uint32_t key, std::uint32_t algorithm, std::string_view bytes) {
        return signer->sign(key, algorithm, bytes);
    }};
    read_files(keeper, label_of_certificate, orders.files,
               [&](std::string_view pem) { certificates.add(pem); });
    if (orders.self) become_maker_of_children(*orders.self);
    shut_in(orders.pair);
    deny_calls(DeniedCalls::also_files);
    raise_descriptor_limit();
    Tlsd tlsd{certificates, {keeper, std::move(orders.pair), std::move(keyd), orders.relays}};
    return tlsd.run();
}

// What there is to say goes to standard output, which whoever asks reads.
int run_check(std::span<char* const> arguments) {
    hide_memory();
    try {
        for (const Note& note : check_files(read_tls_check(arguments)))
            std::printf("%s\n", note.text.c_str());
        return 0;
    } catch (const std::exception& error) {
        std::printf("%s\n", error.what());
        return 1;
    }
}

int run_make(std::span<char* const> arguments) {
    return report_errors(arguments[2], [&] {
        const std::vector<std::string> words(arguments.begin() + 3, arguments.end());
        if (words.size() < 2) throw UsageError("a certificate and its key are two files");
        for (const std::string& line : make_certificate({words[0], words[1]}, std::span{words}.subspan(2)))
            std::printf("%s\n", line.c_str());
        return 0;
    });
}

// What the system trusts is read before anything else: later no file can be.
int run_client(std::span<char* const> arguments) {
    return report_errors("suite-tls", [&] {
        TlsClientOrders orders = read_tls_client(arguments);
        set_nonblocking(orders.pair.get());
        point_errors_at(orders.pair.get());
        discard_standard_input_and_output();
        hide_memory();
        const ServerProof proof{orders.host, orders.issuers};
        limit_resources({});
        forbid_new_privileges();
        restrict_files(-1, TreeAccess::none);
        deny_calls(DeniedCalls::also_both);
        return ClientRelay{proof, std::move(orders.pair)}.run();
    });
}

} // namespace

int main(int argc, char** argv) {
    const std::span arguments{argv, static_cast<std::size_t>(argc)};
    if (argc > 1 && argv[1] == tls_check) return run_check(arguments);
    if (argc > 2 && argv[1] == tls_make) return run_make(arguments);
    if (argc > 1 && argv[1] == tls_client) ::_exit(run_client(arguments));
    TlsOrders orders;
    const int usage = report_errors("suite-tls", [&] {
        open_standard_descriptors();
        orders = read_tls_orders(arguments);
        return 0;
    });
    if (usage != 0) return usage;
    // Without what runs at a program's end: all goes with the process.
    ::_exit(report_errors(orders.role, [&] {
        for (const int fd : {orders.keeper.get(), orders.pair.get()}) set_nonblocking(fd);
        if (orders.role == label_of_keyd)
            return tell_errors(orders.pair, false, [&] { return run_keyd(orders); });
        if (orders.role == label_of_tlsd)
            return tell_errors(orders.pair, true, [&] { return run_tlsd(orders); });
        throw UsageError("suite-tls is started by ftpd and chatd");
    }));
}
