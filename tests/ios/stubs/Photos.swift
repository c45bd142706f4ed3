// Our own declarations of what the app uses of Photos, so that Linux can type-check it; not Apple's.
@_exported import Foundation

public enum PHAccessLevel { case addOnly, readWrite }
public enum PHAuthorizationStatus { case notDetermined, restricted, denied, authorized, limited }
public enum PHAssetResourceType { case photo, alternatePhoto }
public final class PHAssetResourceCreationOptions: NSObject {}

public final class PHPhotoLibrary: NSObject, @unchecked Sendable {
  public class func requestAuthorization(for level: PHAccessLevel) async -> PHAuthorizationStatus { .denied }
  public class func shared() -> PHPhotoLibrary { PHPhotoLibrary() }
  public func performChanges(_ changes: @escaping @Sendable () -> Void) async throws {}
}

public final class PHAssetCreationRequest: NSObject {
  public class func forAsset() -> Self { fatalError() }
  public func addResource(with type: PHAssetResourceType, data: Data, options: PHAssetResourceCreationOptions?) {}
  public func addResource(with type: PHAssetResourceType, fileURL: URL, options: PHAssetResourceCreationOptions?) {}
}
