// SPDX-License-Identifier: ISC
#include "tests/e2e/tls_house.hh"

#include "common/keeper/keeper_frames.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/proc.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace common;

namespace e2e {
namespace {

Words key_options(KeyKind kind) {
    switch (kind) {
    case KeyKind::rsa: return {"rsa:2048"};
    case KeyKind::slow: return {"rsa:4096"};
    case KeyKind::eddsa: return {"ed25519"};
    default: return {"ec", "-pkeyopt", "ec_paramgen_curve:P-256"};
    }
}

void tell(const Fd& pair, const KeeperFrame& frame, int fd = -1) {
    REQUIRE(send_packet(pair.get(), pack_keeper_frame(frame), fd) == IoState::done);
}

Fd open_to_read(const Path& path) {
    Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(file);
    return file;
}

Words command_of(std::string_view role, std::size_t files) {
    Words command{std::string{tls_program}, std::string{role}, "0", "0", "0", "0"};
    for (std::size_t i = 0; i < files; ++i) command.push_back(text("file ", i));
    return command;
}

Child::Setting setting_with(const Fd& keeper, const Fd& pair) {
    Child::Setting setting;
    setting.descriptors = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, keeper.get(), pair.get()};
    return setting;
}

} // namespace

TestCertificate make_certificate(const TempDir& folder, const std::string& name, KeyKind kind,
                                 const std::string& host) {
    const TestCertificate made{folder / (name + ".pem"), folder / (name + ".key")};
    Words command{"openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=" + host};
    const std::string names = host == "localhost" ? "DNS:localhost,IP:127.0.0.1" : "DNS:" + host;
    command.insert(command.end(), {"-addext", "subjectAltName=" + names, "-keyout", made.key, "-out",
                                   made.certificate, "-newkey"});
    for (const std::string& option : key_options(kind)) command.push_back(option);
    const Result result = run_client(command);
    REQUIRE_MESSAGE(result.status == 0, result.err);
    return made;
}

void put_in_place(const TestCertificate& files, const TestCertificate& place) {
    for (const auto& [from, to] :
         {std::pair{files.certificate, place.certificate}, std::pair{files.key, place.key}}) {
        const Path coming = to.native() + ".coming";
        std::filesystem::copy_file(from, coming);
        std::filesystem::rename(coming, to);
    }
}

TestCertificate make_dated(const TempDir& folder, const std::string& name, const std::string& begin,
                           const std::string& end) {
    const TestCertificate made{folder / (name + ".pem"), folder / (name + ".key")};
    write_file(folder / "ca.conf", "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nnew_certs_dir = .\n"
                                   "rand_serial = yes\ndefault_md = sha256\npolicy = any\n[any]\n"
                                   "commonName = supplied\n");
    write_file(folder / "index", "");
    run_in(folder.path(), {"openssl", "req", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                           "-subj", "/CN=localhost", "-keyout", made.key, "-out", "request"});
    run_in(folder.path(),
           {"openssl", "ca", "-batch", "-config", "ca.conf", "-selfsign", "-keyfile", made.key, "-in",
            "request", "-startdate", begin, "-enddate", end, "-notext", "-out", made.certificate});
    return made;
}

std::string private_value(const Path& key) {
    const Result shown = run_client({"openssl", "pkey", "-in", key, "-text", "-noout"});
    std::string value;
    bool is_private = false;
    for (const std::string& line : split_lines(shown.out)) {
        if (!line.starts_with(' ')) { // the name of a number
            is_private = !line.starts_with("pub") && !line.starts_with("modulus");
            continue;
        }
        for (std::size_t at = line.find_first_not_of(' '); is_private && at + 1 < line.size(); at += 3)
            value += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    }
    return value;
}

bool has_key_in_memory(pid_t pid, const std::string& value) {
    constexpr std::size_t least = 16;
    return has_part_in_memory(pid, value, least) ||
           has_part_in_memory(pid, std::string{value.rbegin(), value.rend()}, least);
}

std::size_t check_keyd_alone_has(const std::string& value, pid_t daemon) {
    std::size_t with_key = 0, without = 0;
    for (const ProcessStatus& one : below(daemon)) {
        const bool is_keyd =
            command_line_of(one.pid).find(std::string{label_of_keyd} + '\0') != std::string::npos;
        CHECK(has_key_in_memory(one.pid, value) == is_keyd);
        ++(is_keyd ? with_key : without);
    }
    CHECK(!has_key_in_memory(daemon, value));
    CHECK(with_key == 1);
    return without;
}

std::vector<pid_t> relays_of_clients(const Path& issuers) {
    const std::string role = std::string{tls_program} + '\0' + "client";
    std::vector<pid_t> all;
    for (const ProcessStatus& process : all_processes()) {
        if (process.state == 'Z') continue;
        const std::string words = command_line_of(process.pid);
        if (words.find(role) != words.npos && words.find(issuers.native()) != words.npos)
            all.push_back(process.pid);
    }
    return all;
}

void wait_readable(int fd, Seconds limit) {
    pollfd waited{fd, POLLIN, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::chrono::milliseconds{limit}.count()));
    if (ready != 1) throw Failure("nothing can be read in time");
}

// --- the process of a client ---

TlsPeer::TlsPeer(Fd pair, Fd client, const RelayTerms& terms) : link_(std::move(pair)) {
    stream_ = link_.begin(terms, std::move(client));
}

void TlsPeer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = send_some(stream_.get(), bytes);
        if (wrote.state == IoState::vanished) throw Failure("the stream has ended");
        if (wrote.state == IoState::would_block) {
            pollfd waited{stream_.get(), POLLOUT, 0};
            if (::poll(&waited, 1, 60'000) != 1) throw Failure("nothing can be written in time");
        }
        bytes.remove_prefix(wrote.bytes);
    }
}

std::string TlsPeer::read(std::size_t size) {
    std::string all(size, '\0');
    for (std::size_t got = 0; got < size;) {
        wait_readable(stream_.get());
        const IoResult read = read_some(stream_.get(), std::span{all}.subspan(got));
        if (read.state == IoState::ended || read.state == IoState::vanished) {
            all.resize(got);
            break;
        }
        got += read.bytes;
    }
    return all;
}

std::string TlsPeer::read_to_end() {
    std::string all;
    constexpr std::size_t piece = 65536;
    for (;;) {
        const std::string some = read(piece);
        all += some;
        if (some.size() < piece) return all;
    }
}

void TlsPeer::close_whole() {
    link_.say_whole(control_connection);
    stream_.reset();
}

TlsPeer::Connection TlsPeer::wait_until(const std::function<bool(const Connection&)>& is_so,
                                        std::uint32_t number) {
    for (;;) {
        link_.hear();
        const Connection& told = link_.connection(number);
        if (is_so(told)) return told;
        if (link_.fd() < 0) throw Failure("the relay has ended");
        wait_readable(link_.fd());
    }
}

// --- the house ---

TlsHouse::TlsHouse(std::vector<TestCertificate> certificates) : certificates_(std::move(certificates)) {
    if (certificates_.empty()) certificates_.push_back(make_certificate(folder_, "own"));
    listener_ = listen_on(resolve_address("127.0.0.1:0").at(0));
    port_ = local_address(listener_.get()).port();
    start_keyd();
    start_tlsd();
}

// A relay that crashes would look to a client like one that was told to cut it.
TlsHouse::~TlsHouse() {
    if (!main_ || tlsd_->has_ended()) return;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    bool is_over = false;
    while (!is_over && std::chrono::steady_clock::now() < deadline) {
        is_over = children_of(tlsd_->pid()).empty(); // and all is told
        for (;;) {
            const TlsReceived got =
                receive_tls_frame(main_.get(), {TlsWord::note, TlsWord::ready}, Complaints::taken);
            if (got.state != IoState::done) break;
            CHECK_MESSAGE(got.frame.bytes.find(" ended: ") == std::string::npos, got.frame.bytes);
        }
        pollfd waited{main_.get(), POLLIN, 0};
        constexpr int moment = 20; // ms
        if (!is_over) ::poll(&waited, 1, moment);
    }
    CHECK(is_over);
}

void TlsHouse::start_keyd() {
    keyd_.reset();
    Fd keeper, pair;
    std::tie(keyd_keeper_, keeper) = make_packet_pair();
    std::tie(keyd_end_, pair) = make_packet_pair();
    tell(keyd_keeper_, {.word = KeeperWord::begin});
    for (std::size_t i = 0; i < certificates_.size(); ++i)
        tell(keyd_keeper_, {.word = KeeperWord::give, .flag = true, .label = text(label_of_key, i)},
             open_to_read(certificates_[i].key).get());
    keyd_.emplace(command_of(label_of_keyd, certificates_.size()), setting_with(keeper, pair));
    if (tlsd_) give_keyd(keyd_end_.get());
}

void TlsHouse::give_keyd(int pair) {
    tell(tlsd_keeper_,
         {.word = KeeperWord::give, .number = keyd_->pid(), .label = std::string{label_of_keyd}}, pair);
}

void TlsHouse::start_tlsd() {
    tlsd_.reset();
    Fd keeper, pair;
    std::tie(tlsd_keeper_, keeper) = make_packet_pair();
    std::tie(main_, pair) = make_packet_pair();
    give_keyd(keyd_end_.get());
    tell(tlsd_keeper_, {.word = KeeperWord::begin});
    for (std::size_t i = 0; i < certificates_.size(); ++i)
        tell(tlsd_keeper_, {.word = KeeperWord::give, .flag = true, .label = text(label_of_certificate, i)},
             open_to_read(certificates_[i].certificate).get());
    tlsd_.emplace(command_of(label_of_tlsd, certificates_.size()), setting_with(keeper, pair));
    pair.reset();
    keeper.reset();
    wait_readable(main_.get()); // it is ready, or has ended
}

Fd TlsHouse::accept() {
    for (;;) {
        if (std::optional<Accepted> client = accept_from(listener_)) return std::move(client->socket);
        wait_readable(listener_.get());
    }
}

Words TlsHouse::client(const Words& steps) const {
    Words command{"python3", in_source("tests/e2e/common/tls_client.py"), text(port_), certificate()};
    command.insert(command.end(), steps.begin(), steps.end());
    return command;
}

Fd TlsHouse::open_pair(std::uint32_t max_clients) {
    auto [ours, theirs] = make_packet_pair();
    const TlsFrame frame{.word = TlsWord::client, .number = max_clients, .bytes = "127.0.0.1"};
    REQUIRE(send_tls_frame(main_.get(), frame, theirs.get()) == IoState::done);
    return std::move(ours);
}

TlsPeer TlsHouse::serve(Fd client, const RelayTerms& terms) {
    return TlsPeer{open_pair(), std::move(client), terms};
}

std::string TlsHouse::wait_for_note(std::string_view part) {
    for (;;) {
        wait_readable(main_.get());
        const TlsReceived got =
            receive_tls_frame(main_.get(), {TlsWord::note, TlsWord::ready}, Complaints::taken);
        if (got.state != IoState::done) throw Failure(text("no line with: ", part));
        if (got.frame.bytes.find(part) != got.frame.bytes.npos) return got.frame.bytes;
    }
}

std::vector<pid_t> TlsHouse::relays() const {
    std::vector<pid_t> all;
    for (const ProcessStatus& child : children_of(tlsd_->pid()))
        if (child.state != 'Z') all.push_back(child.pid);
    return all;
}

} // namespace e2e
