// Our own declarations of what the app uses of SwiftUI, so that Linux can type-check it; not Apple's.
@_exported import Foundation
@_exported import UIKit

@MainActor @preconcurrency
public protocol View {
  associatedtype Body: View
  @ViewBuilder var body: Body { get }
}
extension Never: View { public var body: Never { fatalError() } }
/// A view of which no more is told.
public protocol Primitive: View where Body == Never {}
extension Primitive { public var body: Never { fatalError() } }
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }
public struct EmptyView: Primitive {}
public struct TupleView<Content>: Primitive {}
public struct ConditionalContent<First, Second>: Primitive {}
public struct Modified<Content>: Primitive {}

@resultBuilder
public enum ViewBuilder {
  public static func buildBlock() -> EmptyView { EmptyView() }
  public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
  public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<(repeat each Content)> {
    TupleView()
  }
  public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
  public static func buildEither<A: View, B: View>(first: A) -> ConditionalContent<A, B> { ConditionalContent() }
  public static func buildEither<A: View, B: View>(second: B) -> ConditionalContent<A, B> { ConditionalContent() }
}

@MainActor @preconcurrency
public protocol Scene {
  associatedtype Body: Scene
  var body: Body { get }
}
extension Never: Scene {}
@MainActor @preconcurrency
public protocol App {
  associatedtype Body: Scene
  var body: Body { get }
  init()
}
extension App { public static func main() {} }
public struct WindowGroup<Content: View>: Scene {
  public init(@ViewBuilder content: () -> Content) {}
  public var body: Never { fatalError() }
}

public protocol ObservableObject: AnyObject {}
@propertyWrapper
public struct Published<Value> {
  public var wrappedValue: Value
  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}
@propertyWrapper @dynamicMemberLookup
public struct Binding<Value> {
  public init(get: @escaping @MainActor () -> Value, set: @escaping @MainActor (Value) -> Void) {}
  public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
  public var projectedValue: Binding<Value> { self }
  public subscript<Part>(dynamicMember path: WritableKeyPath<Value, Part>) -> Binding<Part> { fatalError() }
}
@propertyWrapper @MainActor
public struct StateObject<Value: ObservableObject> {
  public init(wrappedValue: @autoclosure @escaping () -> Value) {}
  public var wrappedValue: Value { fatalError() }
  public var projectedValue: EnvironmentObject<Value>.Wrapper { fatalError() }
}
@propertyWrapper @MainActor
public struct EnvironmentObject<Value: ObservableObject> {
  @dynamicMemberLookup @MainActor
  public struct Wrapper {
    public subscript<Part>(dynamicMember path: ReferenceWritableKeyPath<Value, Part>) -> Binding<Part> { fatalError() }
  }
  public nonisolated init() {}
  public var wrappedValue: Value { fatalError() }
  public var projectedValue: Wrapper { fatalError() }
}
@propertyWrapper
public struct State<Value> {
  public init(wrappedValue: Value) {}
  public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
  public var projectedValue: Binding<Value> { fatalError() }
}
extension State where Value: ExpressibleByNilLiteral { public init() {} }
public enum ScenePhase { case active, inactive, background }
@MainActor
public struct DismissAction { public func callAsFunction() {} }
public struct EnvironmentValues {
  public var scenePhase: ScenePhase { .active }
  @MainActor public var dismiss: DismissAction { DismissAction() }
}
@propertyWrapper
public struct Environment<Value> {
  public init(_ path: KeyPath<EnvironmentValues, Value>) {}
  public var wrappedValue: Value { fatalError() }
}

public enum HorizontalAlignment { case leading, center, trailing }
public enum Alignment { case leading, center, trailing, bottomLeading }
public enum ButtonRole { case destructive, cancel }
public protocol ShapeStyle {}
public struct Color: ShapeStyle, Primitive {
  public static let red = Color(), green = Color(), orange = Color(), gray = Color(), black = Color(), white = Color()
  public func opacity(_ opacity: Double) -> Color { self }
}
extension ShapeStyle where Self == Color {
  public static var black: Color { Color() }
  public static var white: Color { Color() }
}
public struct Font: Sendable {
  public static let footnote = Font(), caption = Font(), headline = Font()
  public func monospacedDigit() -> Font { self }
  public func bold() -> Font { self }
}
public protocol PickerStyle {}
public struct SegmentedPickerStyle: PickerStyle {}
extension PickerStyle where Self == SegmentedPickerStyle { public static var segmented: Self { Self() } }
public protocol PrimitiveButtonStyle {}
public struct BorderedProminent: PrimitiveButtonStyle {}
public struct Borderless: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedProminent {
  public static var borderedProminent: Self { Self() }
}
extension PrimitiveButtonStyle where Self == Borderless { public static var borderless: Self { Self() } }

public struct Text: Primitive { public init(_ text: String) {} }
public struct Label: Primitive { public init(_ title: String, systemImage: String) {} }
public struct Image: Primitive {
  public init(decorative: CGImage, scale: CGFloat) {}
  public init(uiImage: UIImage) {}
  public func resizable() -> Image { self }
}
public struct Rectangle: Primitive { public init() {} }
public struct Button: Primitive {
  public init(_ title: String, action: @escaping @MainActor () -> Void) {}
  public init(_ title: String, role: ButtonRole?, action: @escaping @MainActor () -> Void) {}
}
public protocol Transferable {}
extension URL: Transferable {}
extension String: Transferable {}
public struct ShareLink: Primitive { public init(_ title: String, item: some Transferable) {} }
public struct Slider: Primitive {
  public init(value: Binding<Double>, in range: ClosedRange<Double>) {}
}
public struct ProgressView: Primitive {
  public init() {}
  public init(value: Double?, total: Double) {}
  public init(value: Double?, total: Double, @ViewBuilder label: () -> some View) {}
}
public struct VStack<Content: View>: Primitive {
  public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
}
public struct HStack<Content: View>: Primitive {
  public init(spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
}
public struct ZStack<Content: View>: Primitive {
  public init(alignment: Alignment = .center, @ViewBuilder content: () -> Content) {}
}
public struct TabView<Content: View>: Primitive { public init(@ViewBuilder content: () -> Content) {} }
public struct NavigationStack<Content: View>: Primitive { public init(@ViewBuilder content: () -> Content) {} }
public struct List<Content: View>: Primitive { public init(@ViewBuilder content: () -> Content) {} }
public struct ScrollView<Content: View>: Primitive { public init(@ViewBuilder content: () -> Content) {} }
public struct GeometryProxy { public var size: CGSize { .zero } }
public struct GeometryReader<Content: View>: Primitive {
  public init(@ViewBuilder content: @escaping (GeometryProxy) -> Content) {}
}
public struct Picker<Content: View>: Primitive {
  public init<Value: Hashable>(_ title: String, selection: Binding<Value>, @ViewBuilder content: () -> Content) {}
}
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: Primitive {
  public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content) {}
  public init(_ data: Data, @ViewBuilder content: @escaping (Data.Element) -> Content)
  where Data.Element: Identifiable, ID == Data.Element.ID {}
}

public struct UIViewRepresentableContext<Representable> {}
@MainActor @preconcurrency
public protocol UIViewRepresentable: View where Body == Never {
  associatedtype UIViewType: UIView
  typealias Context = UIViewRepresentableContext<Self>
  func makeUIView(context: Context) -> UIViewType
  func updateUIView(_ view: UIViewType, context: Context)
}
extension UIViewRepresentable { public var body: Never { fatalError() } }

extension View {
  public func tabItem(@ViewBuilder _ label: () -> some View) -> some View { Modified<Self>() }
  public func environmentObject(_ object: some ObservableObject) -> some View { Modified<Self>() }
  public func task(_ action: @escaping @MainActor @Sendable () async -> Void) -> some View { Modified<Self>() }
  public func alert(
    _ title: String, isPresented: Binding<Bool>, @ViewBuilder actions: () -> some View,
    @ViewBuilder message: () -> some View
  ) -> some View { Modified<Self>() }
  public func onChange<Value: Equatable>(
    of value: Value, _ action: @escaping @MainActor (_ old: Value, _ new: Value) -> Void
  ) -> some View { Modified<Self>() }
  public func onChange<Value: Equatable>(
    of value: Value, _ action: @escaping @MainActor () -> Void
  ) -> some View { Modified<Self>() }
  public func sheet<Item: Identifiable>(
    item: Binding<Item?>, @ViewBuilder content: @escaping (Item) -> some View
  ) -> some View { Modified<Self>() }
  public func toolbar(@ViewBuilder content: () -> some View) -> some View { Modified<Self>() }
  public func mask(alignment: Alignment = .center, @ViewBuilder _ mask: () -> some View) -> some View { Modified<Self>() }
  public func padding(_ length: CGFloat = 16) -> some View { Modified<Self>() }
  public func navigationTitle(_ title: String) -> some View { Modified<Self>() }
  public func pickerStyle(_ style: some PickerStyle) -> some View { Modified<Self>() }
  public func buttonStyle(_ style: some PrimitiveButtonStyle) -> some View { Modified<Self>() }
  public func tag(_ tag: some Hashable) -> some View { Modified<Self>() }
  public func disabled(_ disabled: Bool) -> some View { Modified<Self>() }
  public func font(_ font: Font?) -> some View { Modified<Self>() }
  public func frame(maxWidth: CGFloat, alignment: Alignment = .center) -> some View { Modified<Self>() }
  public func frame(maxHeight: CGFloat, alignment: Alignment = .center) -> some View { Modified<Self>() }
  public func frame(width: CGFloat? = nil, height: CGFloat? = nil) -> some View { Modified<Self>() }
  public func background(_ style: some ShapeStyle) -> some View { Modified<Self>() }
  public func foregroundStyle(_ style: some ShapeStyle) -> some View { Modified<Self>() }
  public func accessibilityIdentifier(_ name: String) -> some View { Modified<Self>() }
  public func scaledToFit() -> some View { Modified<Self>() }
}
