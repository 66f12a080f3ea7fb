// SPDX-License-Identifier: ISC
#include "ftpd/session/data_channel.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/relay_link.hh"
#include "ftpd/session/connection.hh"
#include "ftpd/settings.hh"

#include <array>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::uint16_t first_free_port =
    1024; // below are services that must not be made to hear us (RFC 2577)

// Where nothing else is said, these (RFC 6335, section 6) are guessed at first: the system looks for a free
// port for milliseconds when tens of thousands of earlier connections have not been forgotten yet.
constexpr unsigned first_dynamic_port = 49152;
constexpr unsigned last_port = 65535;
constexpr unsigned max_guesses = 32;

Address ipv4_address(std::uint32_t host_in_network_order, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = host_in_network_order;
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

// Whether the address that this client tells is its own. The zone of a link-local address is left out of
// both, since each host calls its links as it likes; lftp tells :: where it means its own.
bool means_itself(const Address& told, const Address& client) {
    const std::string host = client.host();
    return told.family() == client.family() &&
           (told.host() == host.substr(0, host.find('%')) || told.host() == "::");
}

} // namespace

DataConnection::~DataConnection() {
    if (!socket_) return;
    if (relay_ != nullptr) relay_->break_off(number_);
    control_->client().forget(socket_.get());
    set_reset_on_close(socket_.get());
}

Refusal DataConnection::stalled(std::string_view what) const {
    return {426, text("You have ", what, " no data for ", control_->client().stall_limit().count(),
                      " seconds: the data connection is closed.")};
}

Clock::time_point DataConnection::stall_deadline() const {
    return Clock::now() + control_->client().stall_limit();
}

Refusal DataConnection::broken() {
    if (relay_ == nullptr) return {426, "The data connection was broken off."};
    relay_->hear();
    return {426, text("The data connection was broken off: ", why_cut(), '.')};
}

// The stream to a relay is not full of what its client takes: that may go on while this stands still.
void DataConnection::wait_until_writable() {
    const Deadline deadline = relay_ == nullptr ? Deadline{stall_deadline()} : Deadline{};
    if (!control_->wait_for_data(socket_.get(), Interest::write, deadline)) throw stalled("taken");
}

void DataConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = write_some(socket_.get(), bytes);
        if (wrote.state == IoState::vanished) throw broken();
        if (wrote.state == IoState::would_block) wait_until_writable();
        bytes.remove_prefix(wrote.bytes);
    }
}

std::size_t DataConnection::receive(std::span<char> into) {
    for (;;) {
        const IoResult got = read_some(socket_.get(), into);
        switch (got.state) {
        case IoState::done: return got.bytes;
        case IoState::ended: return 0;
        case IoState::vanished: throw broken();
        case IoState::would_block: break;
        }
        if (!control_->wait_for_data(socket_.get(), Interest::read, stall_deadline())) throw stalled("sent");
    }
}

void DataConnection::discard_rest() {
    constexpr std::chrono::seconds max_time{1};
    constexpr std::size_t max_bytes = std::size_t{16} << 20; // bytes
    const auto deadline = Clock::now() + max_time;
    std::vector<char> dropped(std::size_t{64} * 1024);
    for (std::size_t total = 0; total < max_bytes && Clock::now() < deadline;) {
        const IoResult got = read_some(socket_.get(), dropped);
        if (got.state == IoState::ended || got.state == IoState::vanished) return;
        if (got.state == IoState::would_block &&
            !control_->wait_for_data(socket_.get(), Interest::read, deadline))
            return;
        total += got.bytes;
    }
}

Fd DataConnection::release() {
    control_->client().forget(socket_.get());
    return std::move(socket_);
}

void DataConnection::wait_for_relay(Deadline deadline,
                                    const std::function<bool(const RelayLink::Connection&)>& is_enough) {
    for (;;) {
        relay_->hear();
        const RelayLink::Connection& told = relay_->connection(number_);
        if (is_enough(told)) return;
        if (relay_->fd() < 0 || told.has_failed) throw broken();
        if (!control_->wait_for_data(relay_->fd(), Interest::read, deadline)) throw stalled("taken");
    }
}

void DataConnection::require_resumed_session() {
    if (relay_ == nullptr) return;
    wait_for_relay(stall_deadline(),
                   [](const RelayLink::Connection& told) { return told.security.has_value(); });
    if (!relay_->connection(number_).security->is_resumed)
        throw Refusal{522, "Data connections must resume the TLS session of this one: turn that on in your "
                           "client, or have the administrator set `tls-reuse optional'."};
}

void DataConnection::end_output() {
    if (relay_ != nullptr) relay_->say_whole(number_);
    ::shutdown(socket_.get(), SHUT_WR); // fails only where the client is gone
    if (relay_ != nullptr) wait_for_relay({}, [](const RelayLink::Connection& told) { return told.is_sent; });
}

DataConnection::End DataConnection::end_of_input() {
    if (relay_ == nullptr) return End::plain;
    relay_->hear();
    const std::optional<RelayEnd> end = relay_->connection(number_).end;
    if (end == RelayEnd::clean) return End::proved;
    return end == RelayEnd::bare && trusts_ends_ ? End::plain : End::cut;
}

std::string DataConnection::why_cut() const {
    const std::string why = relay_ == nullptr ? "" : relay_->connection(number_).why;
    return why.empty() ? "the relay has ended" : escape(why);
}

void DataConnection::close() {
    if (relay_ != nullptr) {
        relay_->say_whole(number_); // also of nothing
        relay_->forget(number_);
    }
    control_->client().forget(socket_.get());
    socket_.reset();
}

DataChannel::DataChannel(Connection& control, RelayLink& relay, const DataSettings& settings, Address client,
                         Address server)
    : control_(control), relay_(relay), settings_(settings), client_(client), server_(server) {}

void DataChannel::reset() {
    listener_.reset();
    active_ = {};
}

Address DataChannel::listen_passive(Told told) {
    reset();
    try {
        listen_on_some_port();
    } catch (const std::system_error& error) {
        throw Refusal{425, text("No port to listen on: ", error.what(), '.')};
    }
    if (is_private_) relay_.say_ticket();
    if (told == Told::address && settings_.passive_address)
        told_ = settings_.passive_address->with_port(told_.port());
    return told_;
}

// From a port that is hard to guess: whoever is there first gets the client's data.
void DataChannel::listen_on_some_port() {
    const auto [given_first, given_last] = settings_.passive_ports;
    const bool is_free_choice = given_first == 0;
    const unsigned first = is_free_choice ? first_dynamic_port : given_first;
    const unsigned ports = (is_free_choice ? last_port : given_last) - first + 1U;
    const auto chance = static_cast<unsigned>(Clock::now().time_since_epoch().count());
    for (unsigned tried = 0; tried < std::min(ports, is_free_choice ? max_guesses : ports); ++tried) {
        told_ = server_.with_port(static_cast<std::uint16_t>(first + (chance + tried) % ports));
        if (std::optional<Fd> free = listen_if_free(told_)) {
            listener_ = *std::move(free);
            return;
        }
    }
    if (is_free_choice) {
        listener_ = listen_on(server_.with_port(0));
        told_ = local_address(listener_.get());
        return;
    }
    throw Refusal{425, text("All ports from ", first, " to ", given_last,
                            " are in use: try again later, or use LS, GET and PUT.")};
}

void DataChannel::set_active(const Address& to) {
    reset();
    if (!means_itself(to, client_))
        throw Refusal{504, "Data connections go only to the host that you connect from."};
    if (to.port() < first_free_port)
        throw Refusal{504, text("The port must be ", first_free_port, " or above.")};
    active_ = client_.with_port(to.port());
    if (is_private_) relay_.say_ticket();
}

void DataChannel::check_prepared() const {
    if (!listener_ && active_.family() == AF_UNSPEC)
        throw Refusal{425, "No data connection was prepared: send PASV, EPSV, PORT or EPRT first.",
                      "LS, GET PATH and PUT PATH need none."};
}

DataConnection DataChannel::open(RelayDirection direction) {
    check_prepared();
    try {
        Fd socket = listener_ ? accept_client() : connect_client();
        reset();
        if (!is_private_) return {control_, std::move(socket)};
        RelayLink::Data data = relay_.add(direction, std::move(socket));
        if (const RelayLink::Connection& told = relay_.connection(data.number); told.has_failed)
            throw Refusal{425, text("No data connection can be made under TLS: ", told.why, ": try again.")};
        DataConnection connection{control_, std::move(data.stream), relay_, data.number,
                                  settings_.trusts_ends};
        if (settings_.needs_resumed_tls) connection.require_resumed_session();
        return connection;
    } catch (...) {
        reset();
        throw;
    }
}

// aria2 and Erlang's client wait in vain for a 226 that they have read together with 150.
void DataChannel::finish(DataConnection& data) {
    constexpr std::chrono::milliseconds moment{100}; // to be scheduled on a busy machine
    ClientSocket& client = control_.client();
    const bool says_more = !client.buffer().buffered().empty() || client.saw_end_of_input();
    if (client_closes_ && !says_more)
        client_closes_ = client.wait_once(data.fd(), Interest::read, Clock::now() + moment) !=
                         ClientSocket::Woken::deadline;
    data.close();
}

Fd DataChannel::accept_client() {
    const auto deadline = Clock::now() + settings_.connect_timeout;
    // The listener is one more descriptor that must be forgotten before reset() closes it.
    const struct Forget {
        Connection& control;
        int fd;
        ~Forget() { control.client().forget(fd); }
    } forget{control_, listener_.get()};
    for (;;) {
        if (std::optional<Accepted> accepted = accept_from(listener_)) {
            if (accepted->peer.same_host(client_)) return std::move(accepted->socket);
            continue; // somebody else's: dropped
        }
        if (!control_.wait_for_data(listener_.get(), Interest::read, deadline))
            throw Refusal{425, explain_silence()};
    }
}

// Between us and a client that reached our control port is a firewall, or an address translation that nobody
// told us of.
std::string DataChannel::explain_silence() const {
    std::string why = text("Nobody reached ", told_.shown(), " in ", settings_.connect_timeout.count(),
                           " s; you connected to ", server_.host());
    if (!told_.same_host(server_)) return why += ": set passive-address";
    return why += text(" from ", client_.host(),
                       ": let the port through the firewall (passive-ports), or set passive-address");
}

Fd DataChannel::connect_client() {
    const auto refuse = [&](int error) {
        return Refusal{425, text("Cannot connect to ", active_.shown(), ": ", std::strerror(error), '.')};
    };
    try {
        const Address from = server_.with_port(0);
        DataConnection socket{control_, start_connect(active_, &from)};
        if (!control_.wait_for_data(socket.fd(), Interest::write, Clock::now() + settings_.connect_timeout))
            throw refuse(ETIMEDOUT);
        if (const int error = connect_error(socket.fd()); error != 0) throw refuse(error);
        return socket.release();
    } catch (const std::system_error& error) {
        throw refuse(error.code().value());
    }
}

Address parse_port_argument(std::string_view argument) {
    const Refusal wrong{501, "PORT takes six numbers of 0 to 255: h1,h2,h3,h4,p1,p2."};
    const std::vector<std::string_view> parts = split(argument, ',');
    if (parts.size() != 6) throw wrong;
    std::array<std::uint8_t, 6> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto number = parse_number<std::uint8_t>(parts[i]);
        if (!number) throw wrong;
        numbers[i] = *number;
    }
    std::uint32_t host = 0;
    std::memcpy(&host, numbers.data(), sizeof host);
    return ipv4_address(host, static_cast<std::uint16_t>(numbers[4] << 8 | numbers[5]));
}

Address parse_eprt_argument(std::string_view argument) {
    const Refusal wrong{501, "EPRT takes |1|IPV4|PORT| or |2|IPV6|PORT|."};
    if (argument.size() < 2 || argument.size() > 128 || argument.front() < 33 || argument.front() > 126)
        throw wrong;
    const std::vector<std::string_view> parts = split(argument, argument.front());
    if (parts.size() != 5 || !parts[0].empty() || !parts[4].empty()) throw wrong;
    const auto port = parse_number<std::uint16_t>(parts[3]);
    if (!port) throw wrong;
    struct Protocol {
        std::string_view number; // of RFC 2428, section 2
        int family;
    };
    for (const auto& [number, family] : {Protocol{"1", AF_INET}, Protocol{"2", AF_INET6}}) {
        if (parts[1] != number) continue;
        const std::size_t zone = family == AF_INET6 ? parts[2].find('%') : parts[2].npos;
        if (zone != parts[2].npos && zone + 1 == parts[2].size()) throw wrong;
        const std::optional<Address> host = parse_host(parts[2].substr(0, zone), family);
        if (!host) throw wrong;
        return host->with_port(*port);
    }
    throw Refusal{522, "Network protocol not supported, use (1,2)."};
}

std::string format_pasv(const Address& address) {
    const std::uint32_t host = address.ipv4_bytes();
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &host, sizeof host);
    return text(bytes[0], ',', bytes[1], ',', bytes[2], ',', bytes[3], ',', address.port() >> 8, ',',
                address.port() & 0xff);
}

} // namespace ftpd
