/*
 * An OVA: an OVF package as one tar archive (DSP0243, "Packaging"), whose manifest and certificate
 * may stand at its end:
 *
 *     NAME.ovf | NAME-disk1.vmdk | NAME.mf: their hashes | NAME.cert: the manifest's signature
 *
 * The disk is written in its place; what is before it follows, for only then its size is known. The
 * description is padded to the length that it would have with the largest of sizes.
 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "base/size.h"
#include "ovf.h"

enum { SIGNATURE_MAX = 4096 };

struct ova {
	const struct image_order *order;
	const struct appliance *appliance;
	int fd;                                                        /* owned by the caller */
	uint64_t base, length;                                         /* of the disk */
	struct buffer ovf;                                             /* with its padding */
	struct buffer manifest;                                        /* NAME.mf */
	char *ovf_name, *disk_name, *manifest_name, *certificate_name; /* owned */
};

static void ova_release(struct ova *ova)
{
	buffer_release(&ova->ovf);
	buffer_release(&ova->manifest);
	free(ova->ovf_name);
	free(ova->disk_name);
	free(ova->manifest_name);
	free(ova->certificate_name);
}

/* Blanks behind the end of a document are no part of it. */
static void describe(struct ova *ova, uint64_t file_size, size_t padded)
{
	const struct ovf_disk disk = {ova->disk_name, file_size, ova->order->layout->size};

	buffer_release(&ova->ovf);
	ovf_write(ova->appliance, &disk, &ova->ovf);
	while (ova->ovf.length < padded)
		buffer_text(&ova->ovf, "\n");
}

static int hash_disk(const struct ova *ova, char ret_text[HASH_TEXT], struct error *err)
{
	cleanup_free uint8_t *chunk = xmalloc(MIB);
	struct hash hash;

	hash_init(&hash);
	for (uint64_t done = 0, piece; done < ova->length; done += piece) {
		piece = ova->length - done < MIB ? ova->length - done : MIB;
		if (interrupt_check(err) ||
			file_read_at(ova->fd, ova->base + done, chunk, piece, err))
			return -1;
		hash_update(&hash, chunk, piece);
	}
	hash_finish(&hash, ret_text);
	return 0;
}

static int make_manifest(struct ova *ova, struct error *err)
{
	char ovf[HASH_TEXT], disk[HASH_TEXT];
	struct hash hash;

	hash_init(&hash);
	hash_update(&hash, ova->ovf.data, ova->ovf.length);
	hash_finish(&hash, ovf);
	if (hash_disk(ova, disk, err))
		return -1;
	buffer_printf(&ova->manifest, "SHA256(%s)= %s\nSHA256(%s)= %s\n", ova->ovf_name, ovf,
		ova->disk_name, disk);
	return 0;
}

static int sign(const struct ova *ova, struct buffer *signature, struct error *err)
{
	cleanup_free char *file = xasprintf("%s/manifest", ova->order->work);
	const char *const arguments[] = {
		"openssl", "dgst", "-sha256", "-sign", ova->appliance->certificate, file, NULL};
	const struct process openssl = {.arguments = arguments};

	if (file_write_text(AT_FDCWD, file, ova->manifest.data, 0600, err) ||
		process_capture(&openssl, signature, err))
		return error_wrap(err, "signing with %s", ova->appliance->certificate);
	if (!signature->length || signature->length > SIGNATURE_MAX)
		return error_set(err, STATUS_FAILED, "openssl gave a signature of %zu bytes",
			signature->length);
	return 0;
}

/* The manifest's signature in hexadecimal, then the certificate as PEM: of the file, from which the
 * key must not go with it. */
static int make_certificate(const struct ova *ova, struct buffer *ret_text, struct error *err)
{
	const char *file = ova->appliance->certificate;
	const char *const arguments[] = {"openssl", "x509", "-in", file, NULL};
	const struct process openssl = {.arguments = arguments};
	cleanup_buffer struct buffer signature = {0}, certificate = {0};

	if (sign(ova, &signature, err))
		return -1;
	if (process_capture(&openssl, &certificate, err))
		return error_wrap(err, "the certificate in %s", file);
	buffer_printf(ret_text, "SHA256(%s)= ", ova->manifest_name);
	for (size_t i = 0; i < signature.length; i++)
		buffer_printf(ret_text, "%02x", (unsigned char)signature.data[i]);
	buffer_text(ret_text, "\n");
	buffer_append(ret_text, certificate.data, certificate.length);
	return 0;
}

static int write_head(struct ova *ova, struct error *err)
{
	const struct output_options options = {.fd = ova->fd};
	const struct tar_member disk = {
		.path = ova->disk_name,
		.mode = S_IFREG | 0644,
		.size = ova->length,
		.time = ova->order->layout->epoch,
	};
	cleanup_output struct output *output = NULL;
	struct output_sum in, out;

	if (output_new(&options, &output, err) ||
		tar_text(output, ova->ovf_name, ova->ovf.data, disk.time, err) ||
		tar_header(output, &disk, err) || output_finish(output, &in, &out, err))
		return -1;
	if (out.length != ova->base)
		return error_set(err, STATUS_FAILED, "the disk is too large for an OVA");
	return 0;
}

static int write_tail(struct ova *ova, struct error *err)
{
	const struct output_options options = {.fd = ova->fd, .at = ova->base + ova->length};
	int64_t epoch = ova->order->layout->epoch;
	cleanup_output struct output *output = NULL;
	cleanup_buffer struct buffer certificate = {0};
	struct output_sum in, out;

	if (output_new(&options, &output, err) || tar_pad(output, ova->length, err) ||
		tar_text(output, ova->manifest_name, ova->manifest.data, epoch, err))
		return -1;
	if (ova->appliance->certificate &&
		(make_certificate(ova, &certificate, err) ||
			tar_text(output, ova->certificate_name, certificate.data, epoch, err)))
		return -1;
	return tar_end(output, err) || output_finish(output, &in, &out, err);
}

static int write_all(struct ova *ova, const char *path, struct error *err)
{
	struct stat status;

	describe(ova, UINT64_MAX, 0);
	size_t padded = ova->ovf.length;
	ova->base = TAR_BLOCK + round_up(padded, TAR_BLOCK) + TAR_BLOCK;
	if (image_write_disk(ova->order, &disk_vmdk_stream, ova->base, path, err))
		return -1;
	cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		return error_errno(err, errno, "opening it again");
	ova->fd = fd;
	ova->length = (uint64_t)status.st_size - ova->base;
	describe(ova, ova->length, padded);
	return make_manifest(ova, err) || write_head(ova, err) || write_tail(ova, err) ? -1 : 0;
}

static int write_ova(const struct bundle *bundle, const struct image_order *order, const char *path,
	struct error *err)
{
	const struct appliance *appliance = order->contents->appliance;
	cleanup(ova_release) struct ova ova = {
		.order = order,
		.appliance = appliance,
		.ovf_name = xasprintf("%s.ovf", appliance->name),
		.disk_name = xasprintf("%s-disk1.vmdk", appliance->name),
		.manifest_name = xasprintf("%s.mf", appliance->name),
		.certificate_name = xasprintf("%s.cert", appliance->name),
	};

	(void)bundle;
	return write_all(&ova, path, err) ? error_wrap(err, "%s", path) : 0;
}

const struct bundle bundle_ova = {
	.name = "ova",
	.suffix = "ova",
	.summary = "for import into VirtualBox and VMware: OVF, a compressed disk, a manifest",
	.write = write_ova,
	.holds_disk = true,
	.needs_hardware = true,
};
