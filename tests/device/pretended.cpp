// A pretended accelerator for PyTorch: its memory is the host's, but its tensors obey a GPU's rules:
// no NumPy view, no mixing with CPU tensors, its own random stream, optionally no float64 (as on Apple's GPU).
#include <torch/extension.h>
#include <ATen/EmptyTensor.h>
#include <ATen/InferSize.h>
#include <ATen/TensorUtils.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/Resize.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>
#include <cstdlib>
#include <set>

namespace {
using at::Tensor;
constexpr auto SIM = c10::DeviceType::PrivateUse1;
const c10::Device kSim(SIM, 0);
int64_t calls = 0;
bool no_float64() { static const bool v = std::getenv("PRETENDED_NO_FLOAT64") != nullptr; return v; }

void release(void* p) { c10::free_cpu(p); }
struct Allocator final : c10::Allocator {
  c10::DataPtr allocate(size_t n) override { void* p = n ? c10::alloc_cpu(n) : nullptr; return {p, p, &release, kSim}; }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* dest, const void* src, std::size_t n) const override { std::memcpy(dest, src, n); }
};
Allocator allocator;
REGISTER_ALLOCATOR(SIM, &allocator);

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return SIM; }
  c10::Device exchangeDevice(c10::Device) const override { return kSim; }
  c10::Device getDevice() const override { return kSim; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, kSim); }
  c10::Stream getNewStream(c10::Device, int = 0) const override { return c10::Stream(c10::Stream::DEFAULT, kSim); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, kSim); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct SimGenerator final : c10::GeneratorImpl {
  at::Generator twin;
  explicit SimGenerator(uint64_t seed = c10::default_rng_seed_val)
      : c10::GeneratorImpl(kSim, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)), twin(at::detail::createCPUGenerator(seed ^ 0x5DEECE66DULL)), seed_(seed) {}
  void set_current_seed(uint64_t s) override { seed_ = s; twin.set_current_seed(s ^ 0x5DEECE66DULL); }
  void set_offset(uint64_t) override {}
  uint64_t get_offset() const override { return 0; }
  uint64_t current_seed() const override { return seed_; }
  uint64_t seed() override { auto s = twin.seed(); set_current_seed(s); return s; }
  void set_state(const c10::TensorImpl& s) override { twin.unsafeGetGeneratorImpl()->set_state(s); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return twin.unsafeGetGeneratorImpl()->get_state(); }
  SimGenerator* clone_impl() const override { auto* g = new SimGenerator(seed_); g->twin = twin.clone(); return g; }
  static c10::DeviceType device_type() { return SIM; }
 private:
  uint64_t seed_;
};
at::Generator& default_generator() { static at::Generator g = at::make_generator<SimGenerator>(); return g; }

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override { return default_generator(); }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return at::make_generator<SimGenerator>(); }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  at::Device getDeviceFromPtr(void*) const override { return kSim; }
  at::Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  void resizePrivateUse1Bytes(const c10::Storage& s, size_t n) const override {
    auto fresh = allocator.allocate(n);
    if (s.nbytes() && n) std::memcpy(fresh.get(), s.data(), std::min(n, s.nbytes()));
    s.unsafeGetStorageImpl()->set_data_ptr_noswap(std::move(fresh));
    s.unsafeGetStorageImpl()->set_nbytes(n);
  }
};
Hooks hooks;

void check_dtype(c10::ScalarType t) {
  if (no_float64() && (t == at::kDouble || t == at::kComplexDouble))
    TORCH_CHECK_TYPE(false, "Cannot convert a pretended Tensor to float64 dtype as an Apple GPU doesn't support float64. Please use float32 instead.");
}
Tensor sim_empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> mf) {
  auto t = c10::dtype_or_default(dtype); check_dtype(t);
  return at::detail::empty_generic(size, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), t, mf);
}
Tensor sim_empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  auto t = c10::dtype_or_default(dtype); check_dtype(t);
  return at::detail::empty_strided_generic(size, stride, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), t);
}
// The same memory as a CPU tensor.
Tensor host(const Tensor& t) {
  if (!t.defined() || t.device().type() != SIM) return t;
  auto options = at::TensorOptions().dtype(t.scalar_type()).device(at::kCPU);
  Tensor out = t.numel() ? at::from_blob(const_cast<void*>(t.const_data_ptr()), t.sizes(), t.strides(), options) : at::empty_strided(t.sizes(), t.strides(), options);
  if (t.is_conj()) out._set_conj(true);
  if (t.is_neg()) out._set_neg(true);
  if (t.unsafeGetTensorImpl()->is_wrapped_number()) out.unsafeGetTensorImpl()->set_wrapped_number(true);
  return out;
}
Tensor device_copy(const Tensor& t) {
  if (!t.defined() || t.device().type() == SIM) return t;
  Tensor out = sim_empty_strided(t.sizes(), t.strides(), t.scalar_type(), {}, {}, {});
  if (t.numel()) { Tensor h = host(out); h.copy_(t.resolve_conj().resolve_neg()); }
  if (t.unsafeGetTensorImpl()->is_wrapped_number()) out.unsafeGetTensorImpl()->set_wrapped_number(true);
  return out;
}
Tensor sim_copy_from(const Tensor& self, const Tensor& dst, bool) { Tensor h = host(dst); h.copy_(host(self)); return dst; }
const Tensor& sim_resize_(const Tensor& self, c10::IntArrayRef size, std::optional<at::MemoryFormat> mf) {
  auto* impl = self.unsafeGetTensorImpl();
  int64_t n = 1; for (auto s : size) n *= s;
  size_t need = (n + self.storage_offset()) * self.itemsize();
  if (need > self.storage().nbytes()) hooks.resizePrivateUse1Bytes(self.storage(), need);
  impl->set_sizes_contiguous(size);
  if (mf.has_value()) impl->empty_tensor_restride(*mf);
  return self;
}
Tensor sim_copy_from_and_resize(const Tensor& self, const Tensor& dst) { sim_resize_(dst, self.sizes(), {}); return sim_copy_from(self, dst, false); }
Tensor sim_as_strided(const Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<int64_t> offset) {
  auto out = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), self.dtype());
  out.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride, offset.value_or(self.storage_offset()));
  return out;
}
Tensor sim_view(const Tensor& self, c10::IntArrayRef size) {
  auto inferred = at::infer_size(size, self.numel());
  auto stride = at::detail::computeStride(self.sizes(), self.strides(), inferred);
  TORCH_CHECK(stride.has_value(), "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
  return sim_as_strided(self, inferred, *stride, self.storage_offset());
}
Tensor sim_reshape_alias(const Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride) { return sim_as_strided(self, size, stride, self.storage_offset()); }
Tensor sim_unfold(const Tensor& self, int64_t d, int64_t size, int64_t step) {
  int64_t dim = at::maybe_wrap_dim(d, self.dim(), true);
  auto sizes = self.sizes().vec(); auto strides = self.strides().vec();
  if (self.dim() == 0) return sim_as_strided(self, {size}, {1}, self.storage_offset());
  int64_t s = strides[dim]; sizes[dim] = (sizes[dim] - size) / step + 1; strides[dim] = step * s;
  sizes.push_back(size); strides.push_back(s);
  return sim_as_strided(self, sizes, strides, self.storage_offset());
}
Tensor sim_view_as_real(const Tensor& self) {
  auto sizes = self.sizes().vec(); auto strides = self.strides().vec(); for (auto& s : strides) s *= 2;
  sizes.push_back(2); strides.push_back(1);
  auto out = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), c10::scalarTypeToTypeMeta(c10::toRealValueType(self.scalar_type())));
  out.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, self.storage_offset() * 2);
  return out;
}
Tensor sim_view_as_complex(const Tensor& self) {
  auto sizes = self.sizes().vec(); auto strides = self.strides().vec(); sizes.pop_back(); strides.pop_back(); for (auto& s : strides) s /= 2;
  auto out = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), c10::scalarTypeToTypeMeta(c10::toComplexType(self.scalar_type())));
  out.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, self.storage_offset() / 2);
  return out;
}
Tensor& sim_set_storage(Tensor& self, at::Storage source, int64_t offset, c10::IntArrayRef size, c10::IntArrayRef stride) {
  self.unsafeGetTensorImpl()->set_storage_keep_dtype(source);
  self.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride, offset); return self;
}
Tensor& sim_set_source(Tensor& self, at::Storage source) {
  int64_t n = source.nbytes() / self.itemsize(); return sim_set_storage(self, source, 0, {n}, {1});
}
Tensor& sim_set_tensor(Tensor& self, const Tensor& source) { return sim_set_storage(self, source.storage(), source.storage_offset(), source.sizes(), source.strides()); }
at::Scalar sim_local_scalar(const Tensor& self) { return at::_local_scalar_dense(host(self)); }

void same_device(const char* what, const Tensor& t) {
  TORCH_CHECK(!t.defined() || t.device().type() == SIM || t.dim() == 0, "Expected all tensors to be on the same device, but found at least two devices, sim:0 and ", t.device(), "! (when checking ", what, ")");
}
Tensor sim_convolution(const Tensor& x, const Tensor& w, const std::optional<Tensor>& b, c10::IntArrayRef stride, c10::IntArrayRef pad, c10::IntArrayRef dil, bool tr, c10::IntArrayRef opad, int64_t groups) {
  same_device("convolution", x); same_device("convolution", w); if (b) same_device("convolution", *b);
  std::optional<Tensor> hb; if (b && b->defined()) hb = host(*b);
  return device_copy(at::convolution(host(x), host(w), hb, stride, pad, dil, tr, opad, groups));
}
std::tuple<Tensor, Tensor, Tensor> sim_convolution_backward(const Tensor& g, const Tensor& x, const Tensor& w, c10::IntArrayRef stride, c10::IntArrayRef pad, c10::IntArrayRef dil, bool tr, c10::IntArrayRef opad, int64_t groups, std::array<bool, 3> mask) {
  std::vector<int64_t> bias{tr ? w.size(1) * groups : w.size(0)};
  auto [a, b, c] = at::convolution_backward(host(g), host(x), host(w), c10::OptionalArrayRef<int64_t>(bias), stride, pad, dil, tr, opad, groups, mask);
  return {device_copy(a), device_copy(b), device_copy(c)};
}

const std::set<std::string> kMixable = {"aten::index", "aten::index_put_", "aten::_index_put_impl_", "aten::index_put", "aten::copy_", "aten::_unsafe_index", "aten::_pin_memory", "aten::is_pinned"};

// What an operator wrote into `h`, put into `o`. Strides stay: `o` may be a view, `view.add_(x)` is `add.out(view, x, out=view)`.
void write_back(const Tensor& o, const Tensor& h) {
  if (h.sizes() != o.sizes()) sim_resize_(o, h.sizes(), {});
  if (o.numel() && h.const_data_ptr() != o.const_data_ptr()) host(o).copy_(h);
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  ++calls;
  const auto& schema = op.schema();
  const auto& arguments = schema.arguments();
  const size_t n = arguments.size(), begin = stack->size() - n;
  const bool mixable = kMixable.count(schema.name());
  bool any_sim = false, any_cpu = false; std::string where;
  auto note = [&](const Tensor& t, const std::string& name) {
    if (!t.defined()) return;
    if (t.device().type() == SIM) any_sim = true;
    else if (t.dim() > 0 && t.device().is_cpu()) { any_cpu = true; where = name; }
  };
  std::vector<std::pair<Tensor, Tensor>> pairs;  // original, host alias
  auto lower = [&](const Tensor& t, bool write, bool out = false) {
    if (!t.defined() || t.device().type() != SIM) return t;
    Tensor h = out ? at::empty({0}, at::TensorOptions().dtype(t.scalar_type()).device(at::kCPU)) : host(t); if (write) pairs.emplace_back(t, h); return h;
  };
  std::vector<c10::IValue> args(n);
  std::optional<c10::Device> wanted;
  for (size_t i = 0; i < n; ++i) {
    c10::IValue v = (*stack)[begin + i];
    const auto& a = arguments[i];
    const bool write = a.alias_info() && a.alias_info()->isWrite();
    if (v.isTensor()) { note(v.toTensor(), a.name()); args[i] = lower(v.toTensor(), write, a.is_out()); }
    else if (v.isTensorList()) {
      std::vector<Tensor> list; for (const Tensor& t : v.toTensorVector()) { note(t, a.name()); list.push_back(lower(t, write)); }
      args[i] = c10::IValue(c10::List<Tensor>(list));
    } else if (v.isOptionalTensorList()) {
      c10::List<std::optional<Tensor>> list; 
      for (const auto& item : v.toOptionalTensorList()) { std::optional<Tensor> t = item; if (t && t->defined()) { note(*t, a.name()); list.push_back(lower(*t, write)); } else list.push_back(std::nullopt); }
      args[i] = c10::IValue(list);
    } else if (v.isDevice()) { if (v.toDevice().type() == SIM) { wanted = v.toDevice(); args[i] = c10::IValue(c10::Device(at::kCPU)); } else { wanted = v.toDevice(); args[i] = v; } }
    else if (v.isGenerator()) {
      at::Generator g = v.toGenerator();
      TORCH_CHECK(g.device().type() == SIM, "Expected a 'sim' device type for generator but found '", g.device().type(), "'");
      args[i] = c10::IValue(static_cast<SimGenerator*>(g.unsafeGetGeneratorImpl())->twin);
    } else if (v.isNone() && a.type()->str().find("Generator") != std::string::npos) {
      args[i] = c10::IValue(static_cast<SimGenerator*>(default_generator().unsafeGetGeneratorImpl())->twin);
    } else args[i] = v;
  }
  TORCH_CHECK(!(any_sim && any_cpu) || mixable, "Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu! (when checking argument ", where, " of ", schema.name(), ")");
  torch::jit::drop(*stack, n);
  for (auto& v : args) torch::jit::push(*stack, v);
  // out= of no elements: let the CPU kernel resize a tensor of its own
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  const auto& returns = schema.returns();
  const size_t rb = stack->size() - returns.size();
  auto lift = [&](const Tensor& t, bool aliased) -> Tensor {
    if (!t.defined()) return t;
    for (auto& [o, h] : pairs)
      if (h.unsafeGetTensorImpl() == t.unsafeGetTensorImpl()) {
        write_back(o, h);
        return o;
      }
    if (aliased) TORCH_CHECK(false, "sim: ", schema.name(), " returns a view that the simulation does not know");
    return device_copy(t);
  };
  const bool to_host = wanted && wanted->type() != SIM;
  for (size_t i = 0; i < returns.size(); ++i) {
    c10::IValue v = (*stack)[rb + i];
    const bool aliased = returns[i].alias_info() && !returns[i].alias_info()->isWrite();
    if (v.isTensor() && !to_host) (*stack)[rb + i] = lift(v.toTensor(), aliased);
    else if (v.isTensorList()) { std::vector<Tensor> list; for (const Tensor& t : v.toTensorVector()) list.push_back(lift(t, aliased)); (*stack)[rb + i] = c10::IValue(c10::List<Tensor>(list)); }
  }
  // written through a list (foreach) or in an operator that returns nothing
  for (auto& [o, h] : pairs) write_back(o, h);
}
TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>()); }
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", TORCH_FN(sim_empty));
  m.impl("empty_strided", TORCH_FN(sim_empty_strided));
  m.impl("_copy_from", TORCH_FN(sim_copy_from));
  m.impl("_copy_from_and_resize", TORCH_FN(sim_copy_from_and_resize));
  m.impl("resize_", TORCH_FN(sim_resize_));
  m.impl("as_strided", TORCH_FN(sim_as_strided));
  m.impl("view", TORCH_FN(sim_view));
  m.impl("_reshape_alias", TORCH_FN(sim_reshape_alias));
  m.impl("unfold", TORCH_FN(sim_unfold));
  m.impl("view_as_real", TORCH_FN(sim_view_as_real));
  m.impl("view_as_complex", TORCH_FN(sim_view_as_complex));
  m.impl("set_.source_Storage", TORCH_FN(sim_set_source));
  m.impl("set_.source_Storage_storage_offset", TORCH_FN(sim_set_storage));
  m.impl("set_.source_Tensor", TORCH_FN(sim_set_tensor));
  m.impl("_local_scalar_dense", TORCH_FN(sim_local_scalar));
  m.impl("convolution_overrideable", TORCH_FN(sim_convolution));
  m.impl("convolution_backward_overrideable", TORCH_FN(sim_convolution_backward));
}
}  // namespace

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  at::RegisterPrivateUse1HooksInterface(&hooks);
  m.def("manual_seed_all", [](uint64_t s) { default_generator().set_current_seed(s); });
  m.def("calls", [] { return calls; });
  m.def("default_generator", [] { return default_generator(); });
}
