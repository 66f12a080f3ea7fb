// SPDX-License-Identifier: ISC
#include "ftpd/fcp/netrc.hh"

#include "common/byte_order_mark.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_file_size = 1 << 20; // bytes

class NetrcWords {
public:
    explicit NetrcWords(std::string_view text) : rest_(without_byte_order_mark(text)) {}

    // The next word where a keyword should stand; empty at the end.
    std::string keyword() {
        skip_blanks();
        while (rest_.substr(0, 1) == "#") {
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            skip_blanks();
        }
        keyword_line_ = line_;
        return rest_.empty() ? std::string{} : word();
    }

    std::string value(std::string_view of) {
        skip_blanks();
        if (rest_.empty()) refuse(text("`", of, "' has no word after it"));
        return word();
    }

    void skip_to_empty_line() {
        for (;;) {
            const std::size_t end = rest_.find('\n');
            rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
            ++line_;
            if (rest_.empty() || rest_[0] == '\n') return;
        }
    }

    [[noreturn]] void refuse(std::string_view why) const {
        throw UserError(text("line ", keyword_line_, ": ", why));
    }

private:
    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

    void skip_blanks() {
        for (; !rest_.empty() && is_blank(rest_[0]); rest_.remove_prefix(1)) line_ += rest_[0] == '\n';
    }

    std::string word() {
        const bool quoted = rest_[0] == '"';
        if (quoted) rest_.remove_prefix(1);
        std::string word;
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            if (quoted ? rest_[0] == '"' : is_blank(rest_[0])) break;
            if (quoted && rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
            line_ += rest_[0] == '\n';
            word += rest_[0];
        }
        if (quoted && rest_.empty()) refuse("a quote is not closed");
        if (quoted) rest_.remove_prefix(1);
        return word;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    std::size_t keyword_line_ = 1;
};

std::string read_whole(const Fd& file, const std::string& path) {
    std::string bytes;
    std::string piece(4096, '\0');
    while (const auto got =
               checked("read", path, [&] { return ::read(file.get(), piece.data(), piece.size()); })) {
        bytes.append(piece, 0, static_cast<std::size_t>(got));
        if (bytes.size() > max_file_size)
            throw UserError(text(escape(path), " is too large for a netrc file"));
    }
    erase_bytes(piece);
    return bytes;
}

} // namespace

std::vector<NetrcEntry> parse_netrc(std::string_view file) {
    std::vector<NetrcEntry> entries;
    NetrcWords words{file};
    for (std::string word = words.keyword(); !word.empty(); word = words.keyword()) {
        if (word == "machine" || word == "default") {
            entries.emplace_back();
            if (word == "machine") entries.back().machine = words.value(word);
        } else if (word == "macdef") {
            words.skip_to_empty_line();
        } else if (word == "login" || word == "password" || word == "account") {
            std::string value = words.value(word);
            if (entries.empty()) words.refuse(text("`", word, "' comes before any `machine'"));
            if (word == "login") entries.back().user = value;
            if (word == "password") entries.back().password.emplace(value);
            erase_bytes(value);
        } else {
            // It may be a password that was put there by mistake: it is not shown.
            words.refuse("a word is not one of machine, default, login, password, account, macdef");
        }
    }
    return entries;
}

const NetrcEntry* find_login(std::span<const NetrcEntry> entries, std::string_view host,
                             std::string_view user) {
    const auto found = std::ranges::find_if(entries, [&](const NetrcEntry& entry) {
        return (entry.machine.empty() || equal_ignoring_case(entry.machine, host)) &&
               (user.empty() || entry.user.empty() || entry.user == user);
    });
    return found == entries.end() ? nullptr : &*found;
}

std::optional<NetrcEntry> read_login(const std::string& path, std::string_view host, std::string_view user) {
    const Fd file{retry([&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); })};
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return {};
    if (!file) fail("open", path);
    struct stat status {};
    checked("look at", path, [&] { return ::fstat(file.get(), &status); });
    if (!S_ISREG(status.st_mode)) return {};
    std::string bytes = read_whole(file, path);
    std::vector<NetrcEntry> entries;
    try {
        entries = parse_netrc(bytes);
    } catch (const UserError& error) {
        throw UserError(text(escape(path), ": ", error.what()));
    }
    erase_bytes(bytes);
    const NetrcEntry* const found = find_login(entries, host, user);
    if (found == nullptr) return {};
    const bool is_secret = found->password.has_value() && found->user != "anonymous" && found->user != "ftp";
    if (is_secret && (status.st_mode & 077) != 0)
        throw UserError(
            text(escape(path), " holds a password and others may read it: chmod 600 ", escape(path)));
    if (is_secret && status.st_uid != ::geteuid() && status.st_uid != 0)
        throw UserError(text(escape(path), " holds a password and belongs to somebody else: make it yours"));
    NetrcEntry entry{found->machine, found->user, {}};
    if (found->password) entry.password.emplace(found->password->view());
    return entry;
}

} // namespace ftpd
